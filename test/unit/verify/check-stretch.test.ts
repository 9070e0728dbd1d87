import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chainHash, GENESIS } from '../../../schemas/chain.ts'
import { keptHashes } from '../../../schemas/clickhouse/stored-chain.ts'
import type { Decision } from '../../../schemas/decision.ts'
import type { Loss } from '../../../schemas/loss.ts'
import { beginChain } from '../../../services/gateway/record/chain.ts'
import { ReportWriter } from '../../../services/verify/report.ts'
import { StretchCheck } from '../../../services/verify/rows/check-stretch.ts'
import { explainDoubt } from '../../../services/verify/rows/explain-doubt.ts'
import { linkOf, type Link } from '../../../services/verify/rows/link.ts'
import type { Stretch } from '../../../services/verify/rows/stretch.ts'

const LENGTH = 300

const chain = beginChain({ id: 'gw', kind: 'gatewatch', version: '1' }, null, 'b1')
const decisions: Decision[] = Array.from({ length: LENGTH }, (_, seq) =>
  chain.link({
    seq,
    decision: {
      id: `b1-${seq}`,
      decided_at: new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString(),
      outcome: 'permit',
      subject: { type: 'user', id: 'alice' },
      action: { name: 'read' },
      resource: { type: 'http', id: `/${seq}` },
    },
  }),
)

/** What the row of a decision keeps of its chain. */
function stored(decision: Decision): Link {
  const { chain: whole, pep } = decision
  const kept = keptHashes(pep?.seq ?? null, { salt: true, personal_hash: true, prev_boot: false })
  const fields = Object.entries(whole ?? {}).filter(
    ([name]) => name === 'salt' || [...kept].some((field) => field === name),
  )
  const link = linkOf({ ...decision, chain: Object.fromEntries(fields) } as unknown as Decision)
  if (!link) throw new Error('no link')
  return link
}

const hashOf = (seq: number): string => (seq < 0 ? GENESIS : (decisions[seq]?.chain?.hash ?? ''))

function check(from: number, to: number, links: readonly Link[]) {
  const stretch: Stretch = {
    pep_id: 'gw',
    boot_id: 'b1',
    seq_from: from,
    seq_to: to,
    prev_hash: hashOf(from - 1),
    hash: hashOf(to),
    decided_from: decisions[from]?.decided_at ?? '',
    decided_to: decisions[to]?.decided_at ?? '',
    signed_at: decisions[to]?.decided_at ?? '',
    recorded_from: decisions[from]?.decided_at ?? '',
    previous_boot: undefined,
    derived: false,
  }
  const report = new ReportWriter()
  const checking = new StretchCheck(stretch, report)
  const bySeq = new Map<number, Link[]>()
  for (const link of links) bySeq.set(link.seq, [...(bySeq.get(link.seq) ?? []), link])
  for (const [, group] of [...bySeq].sort(([a], [b]) => a - b)) checking.take(group)
  checking.finish()
  return { report, holes: checking.holes, doubts: checking.doubts }
}

const range = fc
  .tuple(fc.nat(LENGTH - 1), fc.nat(LENGTH - 1))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)

describe('a signed stretch', () => {
  it('is proven whole, wherever it begins and ends, and with copies of its rows', () => {
    fc.assert(
      fc.property(range, fc.nat(LENGTH), ([from, to], copy) => {
        const links = decisions.slice(from, to + 1).map(stored)
        const twice = links.filter(({ seq }) => seq === copy)
        const { report, holes, doubts } = check(from, to, [...links, ...twice])
        expect([report.problems, holes, doubts, report.proven]).toEqual([[], [], [], to - from + 1])
      }),
      { numRuns: 40 },
    )
  })

  it('names exactly the numbers that lack', () => {
    fc.assert(
      fc.property(range, fc.uniqueArray(fc.nat(LENGTH - 1), { maxLength: 20 }), ([from, to], gone) => {
        const lacking = gone.filter((seq) => seq >= from && seq <= to).sort((a, b) => a - b)
        const links = decisions
          .slice(from, to + 1)
          .filter((_, n) => !gone.includes(from + n))
          .map(stored)
        const found = check(from, to, links).holes.flatMap(({ seq_from, seq_to }) =>
          Array.from({ length: seq_to - seq_from + 1 }, (_, n) => seq_from + n),
        )
        expect(found).toEqual(lacking)
      }),
      { numRuns: 40 },
    )
  })

  it('doubts a segment of at most 64 that holds the altered row, and proves the others', () => {
    fc.assert(
      fc.property(range, fc.nat(LENGTH - 1), ([from, to], at) => {
        fc.pre(at >= from && at <= to)
        const links = decisions
          .slice(from, to + 1)
          .map((decision) => stored(decision.pep?.seq === at ? { ...decision, outcome: 'deny' } : decision))
        const { doubts, report } = check(from, to, links)
        expect(doubts).toHaveLength(1)
        const { seq_from = -1, seq_to = -1 } = doubts[0]?.segment ?? {}
        expect(seq_from <= at && at <= seq_to && seq_to - seq_from < 64).toBe(true)
        expect(report.proven).toBe(to - from + 1 - (seq_to - seq_from + 1))
      }),
      { numRuns: 40 },
    )
  })

  it('tells the row that was put beside the true one', () => {
    const links = decisions.slice(0, 100).map(stored)
    const forged = stored({ ...(decisions[30] as Decision), id: 'forged', outcome: 'deny' })
    const { report } = check(0, 99, [...links.slice(0, 30), forged, ...links.slice(30)])
    expect(report.problems).toMatchObject([{ kind: 'inserted', decision_id: 'forged', seq_from: 30 }])
  })
})

describe('beside a gap', () => {
  /** A decision as the log has it, with all its hashes. */
  function logged(decision: Decision | undefined): Link {
    const link = decision && linkOf(decision)
    if (!link) throw new Error('no link')
    return { ...link, logged: true }
  }
  const denied = (seq: number): Decision => ({ ...(decisions[seq] as Decision), outcome: 'deny' })
  const gaps = fc.uniqueArray(fc.nat(LENGTH - 1), { minLength: 1, maxLength: 20 })

  it('all rows are proven with what the log has of it, and an altered one is found, wherever it stands', () => {
    fc.assert(
      fc.property(range, gaps, fc.nat(LENGTH - 1), ([from, to], gone, at) => {
        const rows = decisions.slice(from, to + 1)
        const links = rows.map((decision, n) =>
          gone.includes(from + n) ? logged(decision) : stored(from + n === at ? denied(at) : decision),
        )
        const lacking = gone.filter((seq) => seq >= from && seq <= to)
        const { report, holes, doubts } = check(from, to, links)
        expect(holes.reduce((sum, { seq_from, seq_to }) => sum + seq_to - seq_from + 1, 0)).toBe(
          lacking.length,
        )
        expect(report.undecided).toEqual([])
        const altered = at >= from && at <= to && !gone.includes(at)
        const originals = new Map(rows.map((decision, n) => [from + n, decision]))
        const told = doubts.flatMap((doubt) => explainDoubt(doubt, originals) ?? [])
        expect(told.map(({ kind, seq_from, seq_to }) => [kind, seq_from, seq_to])).toEqual(
          altered ? [['altered', at, at]] : [],
        )
        const doubted = doubts.reduce((sum, doubt) => sum + doubt.rows, 0)
        expect(doubted).toBeLessThanOrEqual(altered ? 64 : 0)
        expect(report.proven).toBe(rows.length - lacking.length - doubted)
      }),
      { numRuns: 100 },
    )
  })

  it('nothing before it is proven by hashes that whoever altered a row could work out anew', () => {
    const changed = decisions.slice(0, 200)
    changed[100] = denied(100)
    for (let seq = 101; seq < 200; seq++) {
      const before = changed[seq - 1]?.chain
      const decision = changed[seq]
      if (!before || !decision?.chain || before.personal_hash === undefined) throw new Error('no chain')
      const prev = chainHash(before.prev, changed[seq - 1] as Decision, before.personal_hash)
      changed[seq] = { ...decision, chain: { ...decision.chain, prev } }
    }
    const rows = [...changed.slice(0, 199), ...decisions.slice(200)].map(stored)
    const alone = check(0, LENGTH - 1, rows)
    expect(alone.report.undecided).toMatchObject([
      { reason: 'beside_gap', seq_from: 0, seq_to: 198 },
      { reason: 'beside_gap', seq_from: 200, seq_to: 255 },
    ])
    expect(alone.report.proven).toBe(LENGTH - 256)
    const withLog = check(0, LENGTH - 1, [...rows.slice(0, 199), logged(decisions[199]), ...rows.slice(199)])
    expect(withLog.report.undecided).toEqual([])
    expect(withLog.doubts).toHaveLength(1)
  })

  it('a log whose own copy was altered accuses no row', () => {
    fc.assert(
      fc.property(fc.nat(LENGTH - 1), fc.boolean(), (gone, whole) => {
        const lie = denied(gone)
        const { chain: link } = lie
        if (!link?.personal_hash) throw new Error('no chain')
        const prev = 'f'.repeat(64)
        const forged: Decision = whole
          ? { ...lie, chain: { ...link, prev, hash: chainHash(prev, lie, link.personal_hash) } }
          : lie
        const links = decisions.map((decision, seq) => (seq === gone ? logged(forged) : stored(decision)))
        const { doubts, report } = check(0, LENGTH - 1, links)
        const originals = new Map([...decisions.entries(), [gone, forged] as const])
        expect(report.problems).toEqual([])
        for (const doubt of doubts) expect(explainDoubt(doubt, originals)).toBeNull()
      }),
      { numRuns: 40 },
    )
  })
})

describe('a loss that a chain declares', () => {
  const told = (over: Partial<Loss>) => {
    const loss: Loss = {
      state: 'ended',
      cause: 'spool_full',
      refused: 3,
      served: 2,
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-01T01:00:00.000Z',
      missing: [],
      ...over,
    }
    const [first] = decisions.map(stored)
    if (!first) throw new Error('no link')
    return check(0, 0, [{ ...first, loss }]).report.declared.map(({ detail }) => detail)
  }

  it.each([
    [{}, /2 decisions were served and 3 requests refused without a record \(spool_full\)/],
    [{ state: 'began' as const }, /from 2026-01-01T00:00:00.000Z on decisions could not be recorded/],
    [
      { cause: 'restored' as const, refused: 0, served: 0 },
      /restored from a backup .* nobody can say how much/,
    ],
    [
      {
        cause: 'spool_corrupt' as const,
        refused: 0,
        served: 0,
        missing: [{ boot_id: 'b0', first_seq: 4, last_seq: 6 }],
      },
      /could not be read any more, 3 by their numbers/,
    ],
    [{ cause: 'spool_corrupt' as const, refused: 0, served: 0 }, /nobody can say how many/],
  ])('is told as what it is: %o', (over, text) => {
    expect(told(over)).toEqual([expect.stringMatching(text)])
  })
})
