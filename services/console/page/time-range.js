/** Ranges as Grafana writes them: `now-6h`, `now`, or milliseconds since 1970. */

/** @type {Readonly<Record<string, number>>} */
const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** @param {string} text @param {number} nowMs */
export function momentOf(text, nowMs) {
  if (/^\d+$/.test(text)) return Number(text)
  const match = /^now(?:-(\d+)([smhdw]))?$/.exec(text)
  if (!match) return nowMs
  return nowMs - Number(match[1] ?? 0) * (UNITS[match[2] ?? 's'] ?? 0)
}

/**
 * The range that an address asks for, or the board's own where it asks for none:
 * what can't be read, what is empty and what runs backwards is no range.
 *
 * @param {URLSearchParams} query @param {{ from: string, to: string }} own @param {number} nowMs
 * @returns {{ from: string, to: string }}
 */
export function rangeOf(query, own, nowMs) {
  const asked = { from: query.get('from') ?? own.from, to: query.get('to') ?? own.to }
  return momentOf(asked.from, nowMs) < momentOf(asked.to, nowMs) ? asked : own
}

/** A pause as `30s` or `1m`, in ms; 0 for anything else, as `off` is. @param {string} text */
export function pauseOf(text) {
  const match = /^(\d{1,4})([smh])$/.exec(text)
  return Number(match?.[1] ?? 0) * (UNITS[match?.[2] ?? 's'] ?? 0)
}

/** An instant as a field for local time takes it: `2026-03-01T10:00:00`. @param {number} ms */
export function localMoment(ms) {
  const at = new Date(ms)
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

/** What can be chosen. */
export const spans = [
  { name: '15 min', from: 'now-15m' },
  { name: '1 h', from: 'now-1h' },
  { name: '6 h', from: 'now-6h' },
  { name: '24 h', from: 'now-24h' },
  { name: '7 d', from: 'now-7d' },
  { name: '30 d', from: 'now-30d' },
  { name: '90 d', from: 'now-90d' },
]
