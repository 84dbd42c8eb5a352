// gin with gin-contrib/cors: one origin is allowed.
package main

import (
	"os"

	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"
)

func main() {
	app := gin.New()
	app.Use(gin.Recovery(), cors.New(cors.Config{AllowOrigins: []string{os.Args[2]}, AllowMethods: []string{"GET", "PUT", "POST"}, AllowHeaders: []string{"Content-Type"}}))
	read := func(c *gin.Context) { c.JSON(200, gin.H{}) }
	app.GET("/", read)
	app.PUT("/thing", read)
	app.POST("/upload", read)
	app.GET("/folder/", read)
	app.GET("/boom", func(c *gin.Context) { panic("boom") })
	app.Run("127.0.0.1:" + os.Args[1])
}
