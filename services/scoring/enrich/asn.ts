import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Address } from './address.ts'

export interface AutonomousSystem {
  /** 0: unknown. */
  readonly asn: number
  readonly as_org: string
}

export type AutonomousSystemOf = (address: Address) => AutonomousSystem

const UNKNOWN: AutonomousSystem = { asn: 0, as_org: '' }

/** Ranges in ascending order, one a row, without overlap. */
interface Ranges {
  readonly count: number
  readonly startHigh: Uint32Array
  readonly startLow: Uint32Array
  readonly endHigh: Uint32Array
  readonly endLow: Uint32Array
  readonly asn: Uint32Array
}

/**
 * Opens the tables of autonomous systems (RouteViews and DB-IP). They come as
 * CSV; read byte by byte into sorted typed arrays they take 0.1 s and 9 MB for
 * IPv4, so there is no cache file to go stale. The IPv6 table, 3 MB by its first
 * 64 bits, is read when the first IPv6 address comes.
 */
export async function openAutonomousSystems(): Promise<AutonomousSystemOf> {
  const require = createRequire(import.meta.url)
  const names = new Map<number, string>()
  const ipv4 = readRanges(
    await readFile(require.resolve('@ip-location-db/asn/asn-ipv4-num.csv')),
    names,
    false,
  )
  let ipv6: Ranges | undefined
  return (address) => {
    if (address.version === 6) {
      ipv6 ??= readRanges(readFileSync(require.resolve('@ip-location-db/asn/asn-ipv6-num.csv')), names, true)
    }
    const asn = find(address.version === 4 ? ipv4 : (ipv6 ?? ipv4), address.high, address.low)
    return asn === 0 ? UNKNOWN : { asn, as_org: names.get(asn) ?? '' }
  }
}

/** Reads rows `start,end,asn,name`, numbers in decimal; a row that is not so is left out. */
export function readRanges(csv: Uint8Array, names: Map<number, string>, wide: boolean): Ranges {
  const rows = rowsOf(csv)
  const ranges = {
    count: 0,
    startHigh: new Uint32Array(rows),
    startLow: new Uint32Array(wide ? rows : 0),
    endHigh: new Uint32Array(rows),
    endLow: new Uint32Array(wide ? rows : 0),
    asn: new Uint32Array(rows),
  }
  const decoder = new TextDecoder()
  let at = 0
  while (at < csv.length) {
    const first = seek(csv, COMMA, at)
    const second = seek(csv, COMMA, first + 1)
    const third = seek(csv, COMMA, second + 1)
    const end = seek(csv, NEWLINE, at)
    if (third >= end) {
      at = end + 1
      continue
    }
    const row = ranges.count
    if (wide) {
      const start = BigInt(decoder.decode(csv.subarray(at, first))) >> 64n
      const stop = BigInt(decoder.decode(csv.subarray(first + 1, second))) >> 64n
      ranges.startHigh[row] = Number(start >> 32n)
      ranges.startLow[row] = Number(start & 0xffffffffn)
      ranges.endHigh[row] = Number(stop >> 32n)
      ranges.endLow[row] = Number(stop & 0xffffffffn)
    } else {
      ranges.startHigh[row] = decimal(csv, at, first)
      ranges.endHigh[row] = decimal(csv, first + 1, second)
    }
    const asn = decimal(csv, second + 1, third)
    ranges.asn[row] = asn
    ranges.count += 1
    if (!names.has(asn)) names.set(asn, nameOf(decoder.decode(csv.subarray(third + 1, end))))
    at = end + 1
  }
  return ranges
}

/** The system whose range holds the address, or 0. */
export function find(ranges: Ranges, high: number, low: number): number {
  let from = 0
  let to = ranges.count - 1
  while (from <= to) {
    const middle = (from + to) >>> 1
    if (before(high, low, ranges.startHigh[middle] ?? 0, ranges.startLow[middle] ?? 0)) to = middle - 1
    else if (before(ranges.endHigh[middle] ?? 0, ranges.endLow[middle] ?? 0, high, low)) from = middle + 1
    else return ranges.asn[middle] ?? 0
  }
  return 0
}

const COMMA = 44
const NEWLINE = 10

/** Where a byte is next, or the end. A loop: the call of `indexOf` costs more than the few bytes up to a comma. */
function seek(bytes: Uint8Array, byte: number, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== byte) at += 1
  return at
}

function rowsOf(csv: Uint8Array): number {
  let rows = 1
  for (let at = 0; at < csv.length; at++) if (csv[at] === NEWLINE) rows += 1
  return rows
}

function before(high: number, low: number, otherHigh: number, otherLow: number): boolean {
  return high < otherHigh || (high === otherHigh && low < otherLow)
}

function decimal(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) value = value * 10 + ((bytes[at] ?? 48) - 48)
  return value
}

function nameOf(field: string): string {
  const text = field.trim()
  const bare = text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text
  return bare.slice(0, 256)
}
