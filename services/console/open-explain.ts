import { Id } from '../../schemas/bounds.ts'
import { openClickHouse } from '../runtime/clickhouse/client.ts'
import type { ClickHouseEndpoint } from '../runtime/clickhouse/endpoint.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'
import type { ConsoleConfig } from './config.ts'
import { explainDecision } from './explain.ts'
import type { Explanation } from './explanation.ts'
import { storeOf } from './store/store.ts'

export interface Explaining extends Running {
  /** Null when nobody knows the id. */
  explain(id: string): Promise<Explanation | null>
}

/** Explains decisions without the page: for the command line. */
export function openExplain(
  { eventLog }: Pick<Runtime, 'eventLog'>,
  config: ConsoleConfig,
  clickhouse: ClickHouseEndpoint,
): Explaining {
  const client = openClickHouse(clickhouse, { readonly: true })
  const store = storeOf(client, config.query_timeout_s)
  return {
    explain: async (id) => (Id.safeParse(id).success ? explainDecision({ store, eventLog }, id) : null),
    stop: () => client.close(),
  }
}
