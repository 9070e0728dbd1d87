/** The style sheet of the page of a case; its hash is in the page's policy. */
export const STYLE = `
:root { color-scheme: light; }
body { font: 14px/1.45 system-ui, sans-serif; color: #1b1f24; background: #fff; margin: 0 auto; max-width: 1080px; padding: 24px; }
h1 { font-size: 22px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 28px 0 8px; border-bottom: 1px solid #d0d7de; padding-bottom: 4px; break-after: avoid; }
p { margin: 4px 0 8px; }
table { border-collapse: collapse; width: 100%; font-size: 12px; }
th { text-align: left; color: #57606a; font-weight: 600; }
th, td { padding: 3px 8px 3px 0; border-bottom: 1px solid #eaeef2; vertical-align: top; overflow-wrap: anywhere; }
tr { break-inside: avoid; }
thead { display: table-header-group; }
th.number, td.number { text-align: right; padding-right: 16px; font-variant-numeric: tabular-nums; }
svg.map { max-width: 640px; margin-top: 12px; }
pre { margin: 0 0 8px; font: 11px/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
code, .hash { font: 11px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.note { color: #57606a; }
.bad { color: #a40e26; font-weight: 600; }
.good { color: #116329; font-weight: 600; }
svg { display: block; width: 100%; height: auto; break-inside: avoid; }
svg text { font: 11px system-ui, sans-serif; fill: #57606a; }
.permitted { fill: #8bb4e8; } .refused { fill: #d1495b; } .axis { stroke: #d0d7de; stroke-width: 1; }
.risk { fill: none; stroke: #9a5b00; stroke-width: 1.5; } .finding { fill: #d1495b; } .verdict { fill: #1f6f4a; }
.place { fill: #1f5fb0; fill-opacity: .55; stroke: #fff; } .land { fill: #e3e7eb; stroke: #c3cad2; stroke-width: .5; } .graticule { stroke: #e4e8ec; stroke-width: 1; } .frame { fill: #f6f8fa; stroke: #d0d7de; }
@media print { body { padding: 0; max-width: none; } a { color: inherit; text-decoration: none; } }
`
