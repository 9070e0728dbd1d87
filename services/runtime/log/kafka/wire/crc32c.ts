/** Eight tables, so that eight bytes are taken in one step. */
const TABLES = makeTables()

/**
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches; `node:zlib`
 * has only the other polynomial.
 *
 * @see RFC 3720, appendix B.4; the method is M. Kounavis, F. Berry, "Novel
 *   Table Lookup-Based Algorithms for High-Performance CRC Generation", 2008.
 *
 * @example the nine digits `123456789` give 0xe3069283.
 */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES
  let crc = 0xffffffff
  let at = 0
  for (const whole = bytes.length - 7; at < whole; at += 8) {
    const low =
      crc ^
      (at8(bytes, at) | (at8(bytes, at + 1) << 8) | (at8(bytes, at + 2) << 16) | (at8(bytes, at + 3) << 24))
    crc =
      look(t7, low & 0xff) ^
      look(t6, (low >>> 8) & 0xff) ^
      look(t5, (low >>> 16) & 0xff) ^
      look(t4, low >>> 24) ^
      look(t3, at8(bytes, at + 4)) ^
      look(t2, at8(bytes, at + 5)) ^
      look(t1, at8(bytes, at + 6)) ^
      look(t0, at8(bytes, at + 7))
  }
  for (; at < bytes.length; at++) crc = look(t0, (crc ^ at8(bytes, at)) & 0xff) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

function at8(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0
}

function look(table: Int32Array | undefined, index: number): number {
  return table?.[index] ?? 0
}

function makeTables(): Int32Array[] {
  const first = new Int32Array(256)
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    first[n] = crc
  }
  const tables = [first]
  for (let t = 1; t < 8; t++) {
    const before = tables[t - 1]
    tables.push(first.map((_, n) => look(first, look(before, n) & 0xff) ^ (look(before, n) >>> 8)))
  }
  return tables
}
