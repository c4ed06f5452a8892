// Reads and writes packages with the client of Flux's source-controller:
// `flux pull REFERENCE FOLDER` and `flux push REFERENCE FOLDER`. Prints the digest.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/fluxcd/pkg/oci"
)

func run(action, reference, folder string) (string, error) {
	client := oci.NewClient(oci.DefaultOptions())
	switch action {
	case "pull":
		metadata, err := client.Pull(context.Background(), reference, folder)
		if err != nil {
			return "", err
		}
		return metadata.Digest, nil
	case "push":
		return client.Push(context.Background(), reference, folder)
	default:
		return "", errors.New("usage: flux pull|push REFERENCE FOLDER")
	}
}

func main() {
	words := append(os.Args[1:], "", "", "")
	digest, err := run(words[0], words[1], words[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(digest)
}
