package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
)

// chart draws the ratios as bars on a logarithmic scale, as SVG: to the left of the line in the middle starmp is better.
func chart(results []result) []byte {
	const (
		width, names, top, line = 900, 380, 56, 18
		left, right             = names + 10, width - 70
		least, most             = 0.001, 10.0
	)
	x := func(ratio float64) float64 {
		at := math.Log(min(max(ratio, least), most)/least) / math.Log(most/least)
		return left + at*(right-left)
	}
	var drawn []result
	for _, r := range results {
		if !math.IsNaN(r.ratio) {
			drawn = append(drawn, r)
		}
	}
	height := top + line*len(drawn) + 16
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="starmp's time against CPython's">
<style>
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-size: 15px; font-weight: 600 }
.name { text-anchor: end }
.tick { text-anchor: middle; fill: #656d76 }
.grid { stroke: #d0d7de }
.one { stroke: #656d76; stroke-width: 1.5 }
.better { fill: #1a7f37 }
.worse { fill: #bc4c00 }
.target { stroke: #24292f; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.tick { fill: #9198a1 }
.grid { stroke: #3d444d }
.one { stroke: #9198a1 }
.better { fill: #3fb950 }
.worse { fill: #f0883e }
.target { stroke: #e6edf3 }
}
</style>
<text class="title" x="10" y="20">Time of starmp against the best CPython, less is better</text>
`, width, height, width, height)
	for ratio := least; ratio <= most*1.01; ratio *= 10 {
		class := "grid"
		if math.Abs(ratio-1) < 0.01 {
			class = "one"
		}
		fmt.Fprintf(&b, `<line class="%s" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/><text class="tick" x="%.1f" y="%d">%.4g</text>`+"\n",
			class, x(ratio), x(ratio), top-4, height-12, x(ratio), top-10, ratio)
	}
	for i, r := range drawn {
		y := top + i*line
		class, from, to := "better", x(r.ratio), x(1)
		if r.ratio > 1 {
			class, from, to = "worse", to, from
		}
		fmt.Fprintf(&b, `<text class="name" x="%d" y="%d">%s</text><rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"/>`,
			names, y+12, html.EscapeString(r.name), class, from, y+2, to-from, line-5)
		if r.asked > 0 {
			fmt.Fprintf(&b, `<line class="target" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`, x(r.asked), x(r.asked), y+1, y+line-2)
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`+"\n", right+10, y+12, figure(r.ratio))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
