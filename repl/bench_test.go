package repl

import (
	"context"
	"io"
	"testing"
)

func benchmarkEval(b *testing.B, expr string) {
	s := NewShell(Options{Limits: Limits{Reductions: 1 << 40, Memory: 1 << 40}})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Eval(context.Background(), expr, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvalShort(b *testing.B) { benchmarkEval(b, "length([a,b,c]).") }
func BenchmarkEvalFib20(b *testing.B) {
	benchmarkEval(b, "(fun F(N) when N < 2 -> N; F(N) -> F(N - 1) + F(N - 2) end)(20).")
}
func BenchmarkEvalMap10000(b *testing.B) {
	benchmarkEval(b, "length(lists:map(fun(X) -> X * 2 end, lists:seq(1, 10000))).")
}
func BenchmarkEvalSort10000(b *testing.B) {
	benchmarkEval(b, "length(lists:sort([X * 7919 rem 10007 || X <- lists:seq(1, 10000)])).")
}

func BenchmarkNewShell(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		NewShell(Options{})
	}
}

func BenchmarkFormat(b *testing.B) {
	s := NewShell(Options{})
	v, err := s.Eval(context.Background(),
		"[#{id => I, name => \"n\" ++ integer_to_list(I), tags => [a, b, {c, 1.5}]} || I <- lists:seq(1, 1000)].", io.Discard)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		Format(v)
	}
}
