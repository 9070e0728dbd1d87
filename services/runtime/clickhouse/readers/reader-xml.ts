import { type Limit, READER_LIMITS, READER_PROFILE } from './limits.ts'
import { checkReader, grantsOf, type Reader, rowsOf, type StoredTable } from './reader.ts'

/** The profile of reading accounts, for a server's `users.d/`. */
export function profileXml(): string {
  const fixed = ({ least, most }: Limit) => least === undefined || most === undefined
  const values = READER_LIMITS.map(({ setting, value }) => `<${setting}>${value}</${setting}>`)
  const bounds = READER_LIMITS.map((limit) => {
    const within = fixed(limit) ? '<readonly/>' : `<min>${limit.least}</min><max>${limit.most}</max>`
    return `<${limit.setting}>${within}</${limit.setting}>`
  })
  return [
    '<clickhouse>',
    '    <profiles>',
    `        <${READER_PROFILE}>`,
    ...values.map((line) => `            ${line}`),
    '            <constraints>',
    ...bounds.map((line) => `                ${line}`),
    '            </constraints>',
    `        </${READER_PROFILE}>`,
    '    </profiles>',
    '</clickhouse>',
    '',
  ].join('\n')
}

/** A reading account, for a server's `users.d/`, beside `profileXml`. */
export function readerXml(reader: Reader, database: string, tables: readonly StoredTable[]): string {
  checkReader(reader)
  const filters = [...rowsOf(reader, tables)].map(
    ([name, filter]) => `<${name}><filter>${escaped(filter)}</filter></${name}>`,
  )
  const grants = grantsOf(reader, database, tables).map((grant) => `<query>GRANT ${grant}</query>`)
  return [
    '<clickhouse>',
    '    <users>',
    `        <${reader.name}>`,
    `            <password_sha256_hex>${reader.password_sha256}</password_sha256_hex>`,
    '            <networks><ip>::/0</ip></networks>',
    `            <profile>${READER_PROFILE}</profile>`,
    '            <quota>default</quota>',
    `            <default_database>${database}</default_database>`,
    '            <grants>',
    ...grants.map((line) => `                ${line}`),
    '            </grants>',
    ...(filters.length === 0
      ? []
      : [
          '            <databases>',
          `                <${database}>`,
          ...filters.map((line) => `                    ${line}`),
          `                </${database}>`,
          '            </databases>',
        ]),
    `        </${reader.name}>`,
    '    </users>',
    '</clickhouse>',
    '',
  ].join('\n')
}

/** Characters that XML 1.0 has no place for, escaped or not, are refused by who reads it. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\n', '&#10;')
}
