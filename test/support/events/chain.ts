import { chainHash, GENESIS, personalHash } from '../../../schemas/chain.ts'
import type { Decision } from '../../../schemas/decision.ts'

/** Walks the chain of one enforcement point: numbers without a gap, hashes that fit, boots that link. */
export function verifyChain(decisions: readonly Decision[]): {
  boots: number
  links: number
  problems: string[]
} {
  const problems: string[] = []
  const boots = Map.groupBy(decisions, ({ pep }) => pep?.boot_id ?? 'none')
  const heads = new Map<string, { seq: number; hash: string }>()
  const firsts: Decision[] = []
  for (const [boot, links] of boots) {
    links.sort((a, b) => (a.pep?.seq ?? -1) - (b.pep?.seq ?? -1))
    let prev: string | null = null
    for (const [index, link] of links.entries()) {
      const { chain } = link
      if (!chain?.salt || link.pep?.seq !== index) {
        problems.push(`boot ${boot}: number ${link.pep?.seq} stands where ${index} belongs`)
        break
      }
      if (personalHash(link, chain.salt) !== chain.personal_hash)
        problems.push(`${link.id}: personal fields were changed`)
      if (chainHash(chain.prev, link, chain.personal_hash ?? '') !== chain.hash)
        problems.push(`${link.id}: fields were changed`)
      if (prev !== null && chain.prev !== prev) problems.push(`${link.id}: does not follow the link before`)
      if (index === 0) firsts.push(link)
      prev = chain.hash
      heads.set(boot, { seq: index, hash: chain.hash })
    }
  }
  for (const { id, chain } of firsts) {
    if (chain?.prev === GENESIS && chain.prev_boot === undefined) continue
    const before = heads.get(chain?.prev_boot?.boot_id ?? '')
    if (!before) problems.push(`${id}: the boot before it is missing`)
    else if (before.seq !== chain?.prev_boot?.seq)
      problems.push(`${id}: the boot before it ends at ${before.seq}, not ${chain?.prev_boot?.seq}`)
    else if (before.hash !== chain.prev) problems.push(`${id}: does not follow the end of the boot before it`)
  }
  const beginnings = firsts.filter(({ chain }) => chain?.prev === GENESIS).length
  if (beginnings > 1) problems.push(`${beginnings} boots say they are the first`)
  return { boots: boots.size, links: decisions.length, problems }
}
