import type { Finding } from '../../schemas/finding.ts'
import type { Attack, Ordinary } from '../../schemas/truth.ts'
import type { TruthFile } from './read-truth.ts'

/** A finding held against the truth, at its last revision. */
export interface Held {
  finding: Finding
  /** The attack that it finds. */
  attack: Attack | undefined
  /** When a revision first did. */
  found_ms: number
  /** An attack that it rests on, though it is about another entity or was opened before. */
  beside: Attack | undefined
}

/**
 * Takes revisions in the order in which they were made. Strict: a finding finds
 * an attack when it is about one of the attack's entities, was opened at or
 * after its start, and names one of its decisions.
 */
export function holder(truth: TruthFile): {
  take(revision: Finding): void
  held(): readonly Held[]
} {
  const byId = new Map<string, Held>()
  const entities = new Map<Attack, ReadonlySet<string>>()
  const concerns = (attack: Attack, { tenant, entity }: Finding) => {
    let ids = entities.get(attack)
    if (ids === undefined) {
      ids = new Set([attack.entity, ...attack.also].map(({ type, id }) => `${type}/${id}`))
      entities.set(attack, ids)
    }
    return attack.tenant === tenant && ids.has(`${entity.type}/${entity.id}`)
  }
  return {
    take(revision) {
      if (accusesNobody(revision)) return
      let held = byId.get(revision.id)
      if (held === undefined) {
        held = { finding: revision, attack: undefined, found_ms: Number.NaN, beside: undefined }
        byId.set(revision.id, held)
      }
      held.finding = revision
      if (held.attack !== undefined) return
      for (const id of revision.decision_ids) {
        const attack = truth.attackOf.get(id)
        if (attack === undefined) continue
        if (concerns(attack, revision) && revision.first_observed_at >= attack.started_at) {
          held.attack = attack
          held.found_ms = Date.parse(revision.observed_at)
          return
        }
        held.beside ??= attack
      }
    },
    held: () => [...byId.values()],
  }
}

/**
 * The harmless happening that a false finding was about: the one that concerns
 * its entity, or one of its entities, before one that concerns everybody, and
 * the shorter before the longer.
 */
export function ordinaryOf(ordinary: readonly Ordinary[]): (finding: Finding) => Ordinary | undefined {
  const everybody: Ordinary[] = []
  const byEntity = new Map<string, Ordinary[]>()
  for (const each of [...ordinary].sort((a, b) => lengthMs(a) - lengthMs(b))) {
    if (each.entity === null) everybody.push(each)
    else {
      const key = `${each.entity.type}/${each.entity.id}`
      const list = byEntity.get(key)
      if (list === undefined) byEntity.set(key, [each])
      else list.push(each)
    }
  }
  return (finding) => {
    const during = (each: Ordinary) =>
      each.tenant === finding.tenant &&
      each.started_at <= finding.observed_at &&
      each.ended_at >= finding.first_observed_at
    for (const { type, id } of [finding.entity, ...finding.entities]) {
      const one = byEntity.get(`${type}/${id}`)?.find(during)
      if (one !== undefined) return one
    }
    return everybody.find(during)
  }
}

/** What a policy does, or a gateway does not, is no attempt at an attack: neither right nor wrong here. */
function accusesNobody({ entity }: Finding): boolean {
  return entity.type === 'policy_rule' || entity.type === 'pep'
}

function lengthMs({ started_at, ended_at }: Ordinary): number {
  return Date.parse(ended_at) - Date.parse(started_at)
}
