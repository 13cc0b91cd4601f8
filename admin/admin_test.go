package admin

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/erlmcp/erlmcp/internal/testutil"
)

func TestMain(m *testing.M) { testutil.VerifyTestMain(m) }

// serving runs c until the test ends and returns a client once it answers.
func serving(t *testing.T, c *Control) Client {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	client := Client{Socket: c.opts.Socket}
	testutil.Eventually(t, 5*time.Second, func() bool { return client.Ping(ctx) == nil })
	return client
}

func TestControlAnswers(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "run", "node.sock")
	route := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("series")) })
	var health Health
	health.Add(Ready, "listeners", func(context.Context) error { return errors.New("none is up") })
	client := serving(t, NewControl(Options{
		Socket: socket, Version: "1.2.3", Health: &health, Routes: map[string]http.Handler{"GET /metrics": route},
	}))

	for _, c := range []struct {
		path, want string
		fails      bool
	}{
		{"/ping", "pong\n", false},
		{"/version", "1.2.3\n", false},
		{"/metrics", "series", false},
		{"/livez", "ok\n", false},
		{"/readyz", "[-]listeners failed: none is up\nreadyz check failed\n", true},
		{"/nothing", "404 page not found\n", true},
	} {
		got, err := client.Get(t.Context(), c.path)
		if string(got) != c.want || (err != nil) != c.fails {
			t.Errorf("%s: got %q, error %v; want %q, an error: %v", c.path, got, err, c.want, c.fails)
		}
	}
	if got, err := client.Get(t.Context(), "/debug/pprof/goroutine?debug=1"); err != nil || !strings.Contains(string(got), "goroutine profile") {
		t.Errorf("pprof: got %.60q, %v", got, err)
	}

	w := httptest.NewRecorder()
	NewControl(Options{}).Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/debug/pprof/", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("pprof beside the socket: got %d, want 404", w.Code)
	}

	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: got mode %v, %v; want 0600", info.Mode().Perm(), err)
	}
	if info, err := os.Stat(filepath.Dir(socket)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: got mode %v, %v; want 0700", info.Mode().Perm(), err)
	}
}

func TestSecondNodeIsRefused(t *testing.T) {
	c := NewControl(Options{Socket: filepath.Join(t.TempDir(), "s")})
	client := serving(t, c)
	if err := NewControl(c.opts).Serve(t.Context()); !errors.Is(err, ErrSocketInUse) {
		t.Errorf("second Serve: got %v, want ErrSocketInUse", err)
	}
	if err := client.Ping(t.Context()); err != nil {
		t.Errorf("the first node no longer answers: %v", err)
	}
}

func TestStaleSocketIsReplaced(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	serving(t, NewControl(Options{Socket: socket}))
}

func TestControlCanBeServedAgain(t *testing.T) {
	c := NewControl(Options{Socket: filepath.Join(t.TempDir(), "s")})
	for range 2 {
		t.Run("serve", func(t *testing.T) { serving(t, c) })
	}
	if _, err := os.Lstat(c.opts.Socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

func TestSocketPathErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, socket, want string }{
		{"a file is in the way", file, "no socket"},
		{"too long", filepath.Join(dir, strings.Repeat("x", 120)), "at most 103"},
		{"a file in place of the directory", filepath.Join(file, "s"), "not a directory"},
	} {
		err := NewControl(Options{Socket: c.socket}).Serve(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "precious" {
		t.Errorf("the file is gone: %q, %v", text, err)
	}
}

func TestClientWithoutNode(t *testing.T) {
	if err := (Client{Socket: filepath.Join(t.TempDir(), "s")}).Ping(t.Context()); !errors.Is(err, ErrNotRunning) {
		t.Errorf("got %v, want ErrNotRunning", err)
	}
}

func TestMayControl(t *testing.T) {
	for _, c := range []struct {
		peer, own int
		want      bool
	}{{1000, 1000, true}, {0, 1000, true}, {1001, 1000, false}, {-1, 1000, false}, {1000, 0, false}} {
		if got := mayControl(c.peer, c.own); got != c.want {
			t.Errorf("mayControl(%d, %d): got %v, want %v", c.peer, c.own, got, c.want)
		}
	}
}

func TestHealth(t *testing.T) {
	var h Health
	h.Add(Live|Ready, "root", func(context.Context) error { return nil })
	h.Add(Ready, "drain", func(context.Context) error { return errors.New("the node drains") })
	h.Add(Ready, "broken", func(context.Context) error { panic("secret detail") })
	for _, c := range []struct {
		method, target string
		status         int
		body           string
	}{
		{"GET", "/livez", 200, "ok\n"},
		{"HEAD", "/livez", 200, "ok\n"},
		{"GET", "/livez?verbose", 200, "[+]root ok\nlivez check passed\n"},
		{"GET", "/readyz", 503, "[-]drain failed: the node drains\n[-]broken failed: the check itself fails\nreadyz check failed\n"},
		{"GET", "/readyz?exclude=drain&exclude=broken", 200, "ok\n"},
		{"GET", "/readyz?verbose&exclude=drain&exclude=broken", 200, "[+]root ok\n[+]drain excluded\n[+]broken excluded\nreadyz check passed\n"},
		{"GET", "/healthz?exclude=broken", 503, "[-]drain failed: the node drains\nhealthz check failed\n"},
		{"POST", "/livez", 405, "method not allowed\n"},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		w := httptest.NewRecorder()
		h.Routes()[r.URL.Path].ServeHTTP(w, r)
		if w.Code != c.status || w.Body.String() != c.body {
			t.Errorf("%s %s: got %d %q, want %d %q", c.method, c.target, w.Code, w.Body, c.status, c.body)
		}
	}
	if err := h.Err(t.Context(), Live); err != nil {
		t.Errorf("Err(Live): got %v, want nil", err)
	}
	h.Add(Ready, "broken", func(context.Context) error { return nil })
	if err := h.Err(t.Context(), Ready); err == nil || err.Error() != "drain: the node drains" {
		t.Errorf("Err(Ready): got %v", err)
	}
}

func TestForeignDirectoryIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("SKIP: only root can give a directory away")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	err := NewControl(Options{Socket: filepath.Join(dir, "s")}).Serve(t.Context())
	if err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("got %v", err)
	}
}

func TestWeb(t *testing.T) {
	logs := &testutil.LogCapture{}
	w := &Web{Name: "metrics", Addr: "127.0.0.1:0", Handler: http.NotFoundHandler(), Logger: logs.Logger()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Serve(ctx) }()
	testutil.Eventually(t, 5*time.Second, func() bool { return len(logs.Find("listening")) == 1 })
	addr := logs.Find("listening")[0].Attrs["addr"]
	resp, err := http.Get("http://" + addr + "/")
	if err != nil || resp.StatusCode != http.StatusNotFound {
		t.Fatalf("got %v, %v", resp, err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()

	err = (&Web{Name: "metrics", Addr: addr, Handler: w.Handler}).Serve(ctx)
	if err == nil || !strings.Contains(err.Error(), "metrics listener") {
		t.Errorf("second listener on %s: got %v", addr, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
}
