/**
 * A link of a definition, written for Grafana, as one of the console: `/d/<uid>`
 * is a dashboard here, and what lies behind `${console}` is the console itself.
 * Values go in percent-encoded, so a hostile one stays a value. A line has one
 * label where it has a link, which is its name: the column `line`.
 *
 * @param {string} url
 * @param {readonly { name: string }[]} columns
 * @param {readonly import('../dashboards/series.ts').Cell[]} row
 * @param {import('./questions.js').PanelQuery} query
 */
export function panelLink(url, columns, row, query) {
  const field = (/** @type {string} */ name) => {
    const index = columns.findIndex((column) => column.name === name)
    return encodeURIComponent(String(row[index] ?? ''))
  }
  const tenant = encodeURIComponent(query['var-tenant'])
  return url
    .replaceAll(/\$\{__data\.fields\.(\w+):percentencode\}/g, (_, name) => field(name))
    .replaceAll(/\$\{__field\.labels\.\w+:percentencode\}/g, () => field('line'))
    .replaceAll(/\$\{tenant:percentencode\}/g, () => tenant)
    .replace(/\$\{__url_time_range\}/, () => `from=${query.from}&to=${query.to}`)
    .replace('&var-console=${console:percentencode}', '')
    .replace(/^\/d\//, '#/dashboards/')
    .replace('var-tenant=', 'tenant=')
    .replace(/^\$\{console\}\//, '')
}
