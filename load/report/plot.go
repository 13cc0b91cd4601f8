package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/erlmcp/erlmcp/load/crew"
)

// Size of an image.
const (
	plotWidth  = 20 * vg.Centimeter
	plotHeight = 9 * vg.Centimeter
)

// picture is one plot and the name of its file.
type picture struct {
	name, title string
	plot        *plot.Plot
}

var palette = []color.Color{
	color.RGBA{0x1f, 0x6f, 0xb4, 0xff}, color.RGBA{0xd9, 0x5f, 0x02, 0xff}, color.RGBA{0x7a, 0x3e, 0x9d, 0xff}, color.RGBA{0x1b, 0x8a, 0x5a, 0xff},
	color.RGBA{0xc2, 0x18, 0x5b, 0xff}, color.RGBA{0x6b, 0x6b, 0x6b, 0xff}, color.RGBA{0x9a, 0x7b, 0x00, 0xff},
}

// pictures draws latency and throughput over time, and the distribution of latency.
func pictures(r *crew.Results) ([]picture, error) {
	latency, err := overTime(r, "ms", []series{
		{"p50", func(s crew.Second) float64 { return s.P50 }}, {"p99", func(s crew.Second) float64 { return s.P99 }},
		{"max", func(s crew.Second) float64 { return s.Max }},
	})
	if err != nil {
		return nil, err
	}
	throughput, err := overTime(r, "calls/s", []series{
		{"intended", func(s crew.Second) float64 { return float64(s.Scheduled) }}, {"answered rightly", func(s crew.Second) float64 { return float64(s.Right) }},
		{"bad", func(s crew.Second) float64 { return float64(s.Bad) }},
	})
	if err != nil {
		return nil, err
	}
	percentiles, err := distribution(r)
	if err != nil {
		return nil, err
	}
	return []picture{
		{"latency", "Latency from the intended time, each second", latency}, {"percentiles", "Latency by percentile, each phase", percentiles},
		{"throughput", "Calls, each second", throughput},
	}, nil
}

type series struct {
	name string
	of   func(crew.Second) float64
}

func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(2)
	p.Add(plotter.NewGrid())
	return p
}

func overTime(r *crew.Results, y string, lines []series) (*plot.Plot, error) {
	p := newPlot("seconds", y)
	p.Y.Min = 0
	if len(r.Series) == 0 {
		p.X.Max, p.Y.Max = 1, 1
		return p, nil
	}
	for i, l := range lines {
		points := make(plotter.XYs, len(r.Series))
		for n, s := range r.Series {
			points[n] = plotter.XY{X: float64(s.Second - r.Series[0].Second), Y: l.of(s)}
		}
		if err := addLine(p, l.name, points, i); err != nil {
			return nil, err
		}
	}
	p.Y.Max = max(p.Y.Max*1.15, 0.1)
	return p, nil
}

func addLine(p *plot.Plot, name string, points plotter.XYs, n int) error {
	line, err := plotter.NewLine(points)
	if err != nil {
		return fmt.Errorf("report: plot %s: %v", name, err)
	}
	line.Color = palette[n%len(palette)]
	line.Width = vg.Points(1.2)
	if n >= len(palette) {
		line.Dashes = []vg.Length{vg.Points(4), vg.Points(2)}
	}
	p.Add(line)
	p.Legend.Add(name, line)
	return nil
}

// distribution has 1/(1-q) on its axis, as HdrHistogram's own plots: each 9 more takes as much room.
func distribution(r *crew.Results) (*plot.Plot, error) {
	p := newPlot("percentile", "ms")
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = nines{}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 1, 100_000, 0, 1
	n := 0
	for i := range r.Phases {
		ph := &r.Phases[i]
		if !ph.Ran() || ph.Load.Latency.Count() == 0 {
			continue
		}
		var points plotter.XYs
		for x := 1.0; x <= 100_000; x *= 1.2 {
			points = append(points, plotter.XY{X: x, Y: toMS(ph.Load.Latency.Quantile(100 * (1 - 1/x)))})
		}
		if err := addLine(p, ph.Phase.Name, points, n); err != nil {
			return nil, err
		}
		n++
	}
	p.X.Min, p.X.Max, p.Y.Min = 1, 100_000, 0
	return p, nil
}

// nines marks 0, 90, 99 ... on an axis of 1/(1-q).
type nines struct{}

// Ticks implements plot.Ticker.
func (nines) Ticks(_, _ float64) []plot.Tick {
	return []plot.Tick{{Value: 1, Label: "0"}, {Value: 2, Label: "50"}, {Value: 10, Label: "90"}, {Value: 100, Label: "99"}, {Value: 1000, Label: "99.9"},
		{Value: 10_000, Label: "99.99"}, {Value: 100_000, Label: "99.999"}}
}

func (p picture) svg() ([]byte, error) {
	c := vgsvg.New(plotWidth, plotHeight)
	p.plot.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("report: draw %s: %v", p.name, err)
	}
	// The element alone goes into a page: what stands before it is for files.
	if at := bytes.Index(b.Bytes(), []byte("<svg")); at > 0 {
		return b.Bytes()[at:], nil
	}
	return b.Bytes(), nil
}

func (p picture) png() ([]byte, error) {
	c := vgimg.PngCanvas{Canvas: vgimg.New(plotWidth, plotHeight)}
	p.plot.Draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("report: draw %s: %v", p.name, err)
	}
	return b.Bytes(), nil
}

// finite keeps JSON free of what it has no word for.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}
