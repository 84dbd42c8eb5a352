// A small API: everything needs `Authorization` or a cookie, OPTIONS included.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/rs/cors"
)

var _ = cors.New

func api(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get("Authorization") == "" && r.Header.Get("Cookie") == "":
		http.Error(w, "who are you?", http.StatusUnauthorized)
	case r.URL.Path == "/items":
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("X-Total-Count", "2")
		w.Write([]byte(`["a","b"]`))
	case r.URL.Path == "/boom":
		http.Error(w, "boom", http.StatusInternalServerError)
	default:
		http.NotFound(w, r)
	}
}

func main() {
	var handler http.Handler = http.HandlerFunc(api)
	//[advice]
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], handler))
}
