import { crc32, deflateRawSync } from 'node:zlib'

/** 1 January 1980, the first day of the format: the same files give the same archive. */
const DATE = 0x21

/** A ZIP archive (PKWARE APPNOTE 6.3, no extensions) of files, by their paths. */
export function zip(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let at = 0
  for (const [path, data] of files) {
    const name = Buffer.from(path)
    const packed = deflateRawSync(data, { level: 9 })
    // Version, flags (names in UTF-8), deflate, time, date, CRC, sizes, length of the name, no extra field.
    const facts = Buffer.alloc(26)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(0x800, 2)
    facts.writeUInt16LE(8, 4)
    facts.writeUInt16LE(DATE, 8)
    facts.writeUInt32LE(crc32(data), 10)
    facts.writeUInt32LE(packed.length, 14)
    facts.writeUInt32LE(data.length, 18)
    facts.writeUInt16LE(name.length, 22)
    // No comment, first disk, attributes: a file that its owner may write and all may read.
    const place = Buffer.alloc(14)
    place.writeUInt32LE((0o100644 << 16) >>> 0, 6)
    place.writeUInt32LE(at, 10)
    const entry = Buffer.concat([signature(0x04034b50), facts, name, packed])
    local.push(entry)
    central.push(signature(0x02014b50), Buffer.from([20, 3]), facts, place, name)
    at += entry.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.size, 4)
  end.writeUInt16LE(files.size, 6)
  end.writeUInt32LE(directory.length, 8)
  end.writeUInt32LE(at, 12)
  return Buffer.concat([...local, directory, signature(0x06054b50), end])
}

function signature(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}
