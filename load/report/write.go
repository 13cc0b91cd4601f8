package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"

	"github.com/erlmcp/erlmcp/load/crew"
)

// Write puts results.json, metrics.json, report.md, report.html and the images into a folder, which it
// creates.
func Write(dir string, r *crew.Results) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	pics, err := pictures(r)
	if err != nil {
		return err
	}
	files := map[string][]byte{"report.md": Markdown(r)}
	for _, p := range pics {
		if files[p.name+".png"], err = p.png(); err != nil {
			return err
		}
	}
	if files["report.html"], err = HTML(r); err != nil {
		return err
	}
	if files["results.json"], err = json.MarshalIndent(r, "", " "); err != nil {
		return fmt.Errorf("report: results.json: %v", err)
	}
	if files["metrics.json"], err = json.MarshalIndent(metricsOf(r), "", "  "); err != nil {
		return fmt.Errorf("report: metrics.json: %v", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	return nil
}

// Read reads the results of a folder or of a results.json.
func Read(path string) (*crew.Results, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "results.json")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	r := &crew.Results{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("report: %s: %v", path, err)
	}
	if r.Format != crew.Format {
		return nil, fmt.Errorf("report: %s has format %d, this version reads %d", path, r.Format, crew.Format)
	}
	return r, nil
}

// Markdown is report.md. It shows the images that stand beside it.
func Markdown(r *crew.Results) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# erlmcp bench: %s\n\n**%s**\n\n", r.Profile.Name, status(r))
	for _, f := range facts(r) {
		fmt.Fprintf(&b, "- %s\n", f)
	}
	if len(r.Command) > 0 {
		fmt.Fprintf(&b, "\n    %s\n", strings.Join(r.Command, " "))
	}
	for i, t := range tables(r) {
		writeTable(&b, t)
		if i == 0 {
			writeNotRun(&b, r)
		}
	}
	b.WriteString("\n## Pictures\n\n![latency](latency.png)\n\n![percentiles](percentiles.png)\n\n![throughput](throughput.png)\n")
	return []byte(b.String())
}

func writeNotRun(b *strings.Builder, r *crew.Results) {
	b.WriteString("\n## Not run\n\n")
	for _, n := range r.NotRun {
		fmt.Fprintf(b, "- %s\n", n)
	}
	if len(r.NotRun) == 0 {
		b.WriteString("Every phase that was asked for was run.\n")
	}
}

var cell = strings.NewReplacer("|", `\|`, "\n", " ")

func writeTable(b *strings.Builder, t table) {
	fmt.Fprintf(b, "\n## %s\n\n", t.Title)
	if t.Note != "" {
		fmt.Fprintf(b, "%s\n\n", t.Note)
	}
	if len(t.Rows) == 0 {
		b.WriteString("None.\n")
		return
	}
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(t.Head, " | "), strings.Repeat(" --- |", len(t.Head)))
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = cell.Replace(c)
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	}
}

// page is what the template of report.html gets.
type page struct {
	Profile, Status string
	Failed          bool
	Facts, Command  []string
	Tables          []table
	NotRun          []string
	Pictures        []pagePicture
}

type pagePicture struct {
	Title string
	SVG   template.HTML
}

// HTML is report.html: styles and pictures are inside, nothing is loaded.
func HTML(r *crew.Results) ([]byte, error) {
	p, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	return render([]page{p})
}

// pageOf is a run as the template has it.
func pageOf(r *crew.Results) (page, error) {
	p := page{Profile: r.Profile.Name, Status: status(r), Failed: r.Failed(), Facts: facts(r), Command: r.Command, Tables: tables(r), NotRun: r.NotRun}
	pics, err := pictures(r)
	if err != nil {
		return p, err
	}
	for _, pic := range pics {
		text, err := pic.svg()
		if err != nil {
			return p, err
		}
		p.Pictures = append(p.Pictures, pagePicture{pic.title, template.HTML(text)}) // drawn by us; names in it are escaped by the writer
	}
	return p, nil
}

// render makes one document of pages.
func render(pages []page) ([]byte, error) {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, pages); err != nil {
		return nil, fmt.Errorf("report: report.html: %v", err)
	}
	return b.Bytes(), nil
}

var pageTemplate = template.Must(template.New("report").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>erlmcp bench: {{(index . 0).Profile}}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #1d2430; background: #fff; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; border-bottom: 1px solid #d8dde6; }
.status { display: inline-block; padding: .2rem .7rem; border-radius: .3rem; background: #e2f3e8; } .status.failed { background: #fbe3e3; }
table { border-collapse: collapse; font-size: .87rem; } th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid #e5e9f0; vertical-align: top; }
.wide { overflow-x: auto; } .missed { color: #a51616; font-weight: 600; } .met { color: #12683a; } .note, ul { color: #4a5568; } svg { max-width: 100%; height: auto; }
code { font-size: .85rem; overflow-wrap: anywhere; }
@media print { body { margin: 0; max-width: none; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
figure { margin: 1rem 0; }
</style>
</head>
<body>
{{range $page := .}}<h1>erlmcp bench: {{.Profile}}</h1>
<p class="status{{if .Failed}} failed{{end}}">{{.Status}}</p>
<ul>{{range .Facts}}<li>{{.}}</li>
{{end}}</ul>
{{if .Command}}<p><code>{{range .Command}}{{.}} {{end}}</code></p>{{end}}
{{range $i, $t := .Tables}}<h2>{{$t.Title}}</h2>
{{if $t.Note}}<p class="note">{{$t.Note}}</p>{{end}}
{{if $t.Rows}}<div class="wide"><table><tr>{{range $t.Head}}<th>{{.}}</th>{{end}}</tr>
{{range $t.Rows}}<tr>{{range .}}<td{{if eq . "missed"}} class="missed"{{else if eq . "met"}} class="met"{{end}}>{{.}}</td>{{end}}</tr>
{{end}}</table></div>{{else}}<p>None.</p>{{end}}
{{if eq $i 0}}<h2>Not run</h2>
{{range $page.NotRun}}<p>{{.}}</p>{{else}}<p>Every phase that was asked for was run.</p>{{end}}
{{range $page.Pictures}}<h2>{{.Title}}</h2><figure>{{.SVG}}</figure>
{{end}}{{end}}{{end}}{{end}}</body>
</html>
`))

func tableText(t table) []byte {
	var b strings.Builder
	writeTable(&b, t)
	return []byte(b.String())
}
