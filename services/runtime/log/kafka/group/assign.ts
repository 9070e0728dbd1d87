/** A partition of a topic, by its name on Kafka. */
export interface Part {
  readonly topic: string
  readonly partition: number
}

export interface Candidate {
  readonly id: string
  readonly topics: readonly string[]
  /** What it says it owns, and since which generation. */
  readonly owned: readonly Part[]
  readonly generation: number
}

/** What goes to one member as a whole. */
export type Sharing = 'partition' | 'topic' | 'all'

interface Unit {
  readonly parts: readonly Part[]
  readonly eligible: readonly string[]
}

/**
 * Who gets which partitions. Partition p of every topic goes to one member, so
 * that keys stay together over topics; with `topic`, a topic does, with
 * `all` everything, and the others stand by.
 *
 * As even as whole units allow, and within that everybody keeps what they own:
 * moving a partition costs the reading of its state. What moves is given to
 * nobody in this round: its owner lets go first and joins again, so that no
 * partition ever has two owners and the others go on meanwhile (KIP-429).
 */
export function assign(
  members: readonly Candidate[],
  partitions: ReadonlyMap<string, number>,
  unit: Sharing,
): Map<string, Part[]> {
  const units = unitsOf(members, partitions, unit)
  const owners = units.map((unit) => ownerOf(unit, members))
  const targets = balance(units, owners)
  const assigned = new Map(members.map(({ id }) => [id, [] as Part[]]))
  for (const [index, unit] of units.entries()) {
    const [owner, target] = [owners[index], targets[index]]
    if (target === undefined || (owner !== undefined && owner !== target)) continue
    assigned.get(target)?.push(...unit.parts)
  }
  return assigned
}

function unitsOf(
  members: readonly Candidate[],
  partitions: ReadonlyMap<string, number>,
  unit: Sharing,
): Unit[] {
  const byEligible = new Map<string, string[]>()
  for (const topic of [...partitions.keys()].sort()) {
    const eligible = members.filter(({ topics }) => topics.includes(topic)).map(({ id }) => id)
    const key = JSON.stringify(eligible.sort())
    const same = byEligible.get(key)
    if (same === undefined) byEligible.set(key, [topic])
    else same.push(topic)
  }
  const units: Unit[] = []
  for (const [key, topics] of byEligible) {
    const eligible: unknown = JSON.parse(key)
    if (!Array.isArray(eligible)) continue
    const ids = eligible.filter((id) => typeof id === 'string')
    const count = Math.max(...topics.map((topic) => partitions.get(topic) ?? 0))
    if (unit === 'all') {
      units.push({
        parts: topics.flatMap((topic) => range(topic, partitions.get(topic) ?? 0)),
        eligible: ids,
      })
      continue
    }
    if (unit === 'topic') {
      for (const topic of topics)
        units.push({ parts: range(topic, partitions.get(topic) ?? 0), eligible: ids })
      continue
    }
    for (let partition = 0; partition < count; partition++) {
      const parts = topics
        .filter((topic) => partition < (partitions.get(topic) ?? 0))
        .map((topic) => ({ topic, partition }))
      units.push({ parts, eligible: ids })
    }
  }
  return units
}

function range(topic: string, count: number): Part[] {
  return Array.from({ length: count }, (_, partition) => ({ topic, partition }))
}

/** The eligible member that claims any of it, in the youngest generation: an older claim is that of a sleeper. */
function ownerOf({ parts, eligible }: Unit, members: readonly Candidate[]): string | undefined {
  let best: Candidate | undefined
  for (const member of members) {
    if (!eligible.includes(member.id) || (best !== undefined && member.generation <= best.generation))
      continue
    const claims = member.owned.some((own) =>
      parts.some(({ topic, partition }) => own.topic === topic && own.partition === partition),
    )
    if (claims) best = member
  }
  return best?.id
}

function balance(units: readonly Unit[], owners: readonly (string | undefined)[]): (string | undefined)[] {
  const targets: (string | undefined)[] = owners.map(() => undefined)
  const loads = new Map<string, number>()
  const ids = [...new Set(units.flatMap(({ eligible }) => eligible))].sort()
  for (const id of ids) loads.set(id, 0)
  const floor = ids.length === 0 ? 0 : Math.floor(units.length / ids.length)
  let spare = ids.length === 0 ? 0 : units.length % ids.length
  for (const [index, owner] of owners.entries()) {
    if (owner === undefined) continue
    const load = loads.get(owner) ?? 0
    if (load > floor || (load === floor && spare === 0)) continue
    if (load === floor) spare--
    targets[index] = owner
    loads.set(owner, load + 1)
  }
  for (const [index, unit] of units.entries()) {
    if (targets[index] !== undefined) continue
    const [least] = [...unit.eligible].sort(
      (a, b) => (loads.get(a) ?? 0) - (loads.get(b) ?? 0) || (a < b ? -1 : 1),
    )
    if (least === undefined) continue
    targets[index] = least
    loads.set(least, (loads.get(least) ?? 0) + 1)
  }
  return targets
}
