// The program of the images of the tests. The first argument says what it does. Default: it serves pages.
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	mode := "serve"
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	switch mode {
	case "end":
		return
	case "pause":
	case "crash":
		fmt.Fprintln(os.Stderr, "no database")
		os.Exit(1)
	case "fill":
		var kept [][]byte
		for len(kept) < 1<<14 {
			block := make([]byte, 1<<20)
			for at := 0; at < len(block); at += 4096 {
				block[at] = 1
			}
			kept = append(kept, block)
			time.Sleep(time.Millisecond)
		}
	default:
		serve()
	}
	<-ended
}

// serve responds on PORT (default 80). /fail has the status 500, and /done ends the program with 0.
func serve() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "80"
	}
	http.HandleFunc("/", func(response http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(response, "hello from %s\n", os.Getenv("HOSTNAME"))
	})
	http.HandleFunc("/fail", func(response http.ResponseWriter, _ *http.Request) { response.WriteHeader(500) })
	http.HandleFunc("/done", func(http.ResponseWriter, *http.Request) { os.Exit(0) })
	fmt.Println("listening on", port)
	go func() {
		fmt.Fprintln(os.Stderr, http.ListenAndServe(":"+port, nil))
		os.Exit(1)
	}()
}
