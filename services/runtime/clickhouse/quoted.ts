/** A text as a literal of ClickHouse's SQL, for where no parameter can stand. */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, (mark) => `\\${mark}`)}'`
}
