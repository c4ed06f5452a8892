package greetings

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// BenchmarkStart measures the start of a control plane: go test -run '^$' -bench Start -benchtime 15x
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		environment := &envtest.Environment{}
		if _, err := environment.Start(); err != nil {
			// A start that fails after its programs were ready leaves them running.
			_ = environment.Stop()
			b.Fatal(err)
		}
		b.StopTimer()
		if err := environment.Stop(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
