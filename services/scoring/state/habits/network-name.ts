import type { Enrichment } from '../../../../schemas/scored-decision.ts'

/** A network as a finding's sentence and figures name it, 500 characters at most: who runs it, and where it is. */
export function networkName({ as_org, prefix, country }: Enrichment['source']): string {
  return `${as_org || prefix} (${country || 'country unknown'})`.slice(0, 500)
}
