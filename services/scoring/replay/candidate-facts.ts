import type { Enrichment } from '../../../schemas/scored-decision.ts'
import type { Enrich } from '../enrich/enrich.ts'
import type { StoredEnrichment } from './stored-enrichment.ts'

/** Decisions whose facts a candidate configuration gives otherwise than they were looked up, by what differs. */
export interface Differing {
  readonly decisions: number
  readonly network: number
  readonly lists: number
  readonly sensitivity: number
  readonly client: number
}

/**
 * Facts as a candidate configuration and the tables of this machine give them,
 * and how many decisions they differ for. What stands in a list that is fetched
 * from elsewhere and not kept here is as it was.
 */
export class CandidateFacts {
  readonly #stored: StoredEnrichment
  readonly #candidate: Enrich
  readonly #unread: readonly string[]
  readonly #differing = { decisions: 0, network: 0, lists: 0, sensitivity: 0, client: 0 }

  constructor(stored: StoredEnrichment, candidate: Enrich, unreadLists: readonly string[]) {
    this.#stored = stored
    this.#candidate = candidate
    this.#unread = unreadLists
  }

  get differing(): Differing {
    return { ...this.#differing }
  }

  readonly enrich: Enrich = (decision) => {
    const then = this.#stored.of(decision)
    const now = this.#candidate(decision)
    if (then === undefined) return now
    const kept = this.#keptLists(then)
    const facts =
      kept === undefined
        ? now
        : { ...now, source: { ...now.source, lists: { ...now.source.lists, ...kept } } }
    this.#count(then, facts)
    return facts
  }

  #keptLists({ source }: Enrichment): Record<string, string> | undefined {
    let kept: Record<string, string> | undefined
    for (const name of this.#unread) {
      const version = source.lists?.[name]
      if (version !== undefined) (kept ??= {})[name] = version
    }
    return kept
  }

  #count(then: Enrichment, now: Enrichment): void {
    const differing = this.#differing
    const network = unlike({ ...then.source, lists: null }, { ...now.source, lists: null })
    // A list that was fetched again since has another version; who is on it is what counts.
    const lists = unlike(namesOf(then), namesOf(now))
    const sensitivity = then.resource.sensitivity !== now.resource.sensitivity
    const client = unlike(then.user_agent, now.user_agent)
    differing.network += Number(network)
    differing.lists += Number(lists)
    differing.sensitivity += Number(sensitivity)
    differing.client += Number(client)
    differing.decisions += Number(network || lists || sensitivity || client)
  }
}

function namesOf({ source }: Enrichment): string[] {
  return source.lists === undefined ? [] : Object.keys(source.lists).sort()
}

function unlike(one: Readonly<Record<string, unknown>> | readonly string[], other: typeof one): boolean {
  return JSON.stringify(one) !== JSON.stringify(other)
}
