// chi with go-chi/cors, and rs/cors around net/http's own router: one origin is allowed.
package main

import (
	"net/http"
	"os"

	"github.com/go-chi/chi"
	chicors "github.com/go-chi/cors"
	"github.com/rs/cors"
)

func main() {
	read := func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) }
	boom := func(w http.ResponseWriter, r *http.Request) { http.Error(w, "boom", 500) }
	if os.Args[3] == "chi" {
		app := chi.NewRouter()
		app.Use(chicors.Handler(chicors.Options{AllowedOrigins: []string{os.Args[2]}, AllowedMethods: []string{"GET", "PUT", "POST"}, AllowedHeaders: []string{"Content-Type"}}))
		app.Get("/", read)
		app.Put("/thing", read)
		app.Post("/upload", read)
		app.Get("/boom", boom)
		http.ListenAndServe("127.0.0.1:"+os.Args[1], app)
	}
	app := http.NewServeMux()
	app.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" || r.URL.Path == "/thing" || r.URL.Path == "/upload" {
			read(w, r)
		} else {
			http.NotFound(w, r)
		}
	})
	app.HandleFunc("/boom", boom)
	options := cors.Options{AllowedOrigins: []string{os.Args[2]}, AllowedMethods: []string{"GET", "PUT", "POST"}, AllowedHeaders: []string{"Content-Type"}}
	http.ListenAndServe("127.0.0.1:"+os.Args[1], cors.New(options).Handler(app))
}
