import { gzipSync } from 'node:zlib'

/** A page is no longer than this, in bytes: what a browser opens and a mailbox takes. */
export const MOST_PAGE_BYTES = 16_000_000
/** As JSON, without its indentation: what is alike packs well, and has to be held while it is made. */
export const MOST_JSON_BYTES = 64_000_000

/** Bytes of a case: as a page, where the case is packed and drawn, and as JSON. */
export interface Size {
  readonly page: number
  readonly json: number
}

/** What some values add to a case. Packed with all the others they take a little less. */
export function sizeOf(values: readonly unknown[], drawn: string): Size {
  const json = JSON.stringify(values)
  const packed = Math.ceil(gzipSync(json).length / 3) * 4
  return { page: packed + Buffer.byteLength(drawn), json: Buffer.byteLength(json) }
}

export function fits(size: Size, room: Size): boolean {
  return size.page <= room.page && size.json <= room.json
}

export function less(room: Size, size: Size): Size {
  return { page: room.page - size.page, json: room.json - size.json }
}

/** So many are measured at once: alone they would seem to pack badly. */
const TOGETHER = 20

/** As many of the rows as fit, in their order. */
export function fitting<T>(
  rows: readonly T[],
  room: Size,
  measure: (rows: readonly T[]) => Size,
): { readonly rows: readonly T[]; readonly room: Size } {
  let left = room
  let from = 0
  for (let together = TOGETHER; together >= 1 && from < rows.length;) {
    const size = measure(rows.slice(from, from + together))
    if (fits(size, left)) {
      left = less(left, size)
      from += together
    } else together = Math.floor(together / 2)
  }
  return { rows: rows.slice(0, from), room: left }
}
