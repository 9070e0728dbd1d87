import { expect, it } from 'vitest'
import { rangeOf } from '../../../../services/console/page/time-range.js'

const OWN = { from: 'now-6h', to: 'now' }
const NOW_MS = 1_800_000_000_000

it.each([
  ['', OWN],
  ['from=now-1h', { from: 'now-1h', to: 'now' }],
  ['from=1700000000000&to=1700000060000', { from: '1700000000000', to: '1700000060000' }],
  ['from=yesterday', OWN],
  ['from=now', OWN],
  ['from=now-1h&to=now-2h', OWN],
])('the range of %j', (query, range) => {
  expect(rangeOf(new URLSearchParams(query), OWN, NOW_MS)).toEqual(range)
})
