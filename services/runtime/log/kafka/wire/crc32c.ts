/** Eight tables of 256 words in one array, so that eight bytes are taken in one step. */
const TABLE = makeTable()

/**
 * CRC-32C (Castagnoli), the checksum of Kafka's record batches; `node:zlib`
 * has only the other polynomial. One array and no call in the loop: 1.1 GB/s,
 * where a table each behind a function gave a third of it, 22 µs of a decision.
 *
 * @see RFC 3720, appendix B.4; the method is M. Kounavis, F. Berry, "Novel
 *   Table Lookup-Based Algorithms for High-Performance CRC Generation", 2008.
 *
 * @example the nine digits `123456789` give 0xe3069283.
 */
export function crc32c(bytes: Uint8Array): number {
  let crc = -1
  let at = 0
  // The checker can't know that an index lies within; `?? 0` costs nothing measurable here.
  for (const whole = bytes.length - 7; at < whole; at += 8) {
    const low =
      crc ^
      ((bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24))
    crc =
      (TABLE[1792 + (low & 255)] ?? 0) ^
      (TABLE[1536 + ((low >>> 8) & 255)] ?? 0) ^
      (TABLE[1280 + ((low >>> 16) & 255)] ?? 0) ^
      (TABLE[1024 + (low >>> 24)] ?? 0) ^
      (TABLE[768 + (bytes[at + 4] ?? 0)] ?? 0) ^
      (TABLE[512 + (bytes[at + 5] ?? 0)] ?? 0) ^
      (TABLE[256 + (bytes[at + 6] ?? 0)] ?? 0) ^
      (TABLE[bytes[at + 7] ?? 0] ?? 0)
  }
  for (; at < bytes.length; at++) crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0) ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

function makeTable(): Int32Array {
  const table = new Int32Array(8 * 256)
  for (let n = 0; n < 256; n++) {
    let crc = n
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    table[n] = crc
  }
  for (let n = 256; n < table.length; n++) {
    const before = table[n - 256] ?? 0
    table[n] = (table[before & 255] ?? 0) ^ (before >>> 8)
  }
  return table
}
