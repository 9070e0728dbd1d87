import type { CaseFile } from '../../schemas/case-file.ts'
import { readCheckpoints } from '../runtime/checkpoints/read-checkpoints.ts'
import { openSigningKey } from '../runtime/checkpoints/signing-key.ts'
import { openClickHouse } from '../runtime/clickhouse/client.ts'
import type { ClickHouseEndpoint } from '../runtime/clickhouse/endpoint.ts'
import type { Running, Runtime } from '../runtime/runtime.ts'
import { buildCase, type CaseSources } from './cases/build-case.ts'
import type { CaseQuestion } from './cases/case-scope.ts'
import { storeOf } from './store/store.ts'

/** A question of a case may read a long range. */
const QUERY_TIMEOUT_S = 120

export interface Cases extends Running {
  /** Null: nobody knows what the case is about. */
  build(
    question: CaseQuestion,
    options: Pick<CaseSources, 'now_ms' | 'limits' | 'progress'>,
  ): Promise<CaseFile | null>
}

/** Makes case files: for the command line, and for the page. */
export function openCases(
  { eventLog, dataDir }: Pick<Runtime, 'eventLog' | 'dataDir'>,
  clickhouse: ClickHouseEndpoint,
  checkpoint_paths: readonly string[],
): Cases {
  const client = openClickHouse(clickhouse, { readonly: true })
  const store = storeOf(client, QUERY_TIMEOUT_S)
  return {
    async build(question, options) {
      const key = await openSigningKey(dataDir, options.now_ms)
      const checkpoints = () => readCheckpoints(eventLog, checkpoint_paths, new Map())
      return buildCase({ ...options, store, eventLog, checkpoints, key }, question)
    },
    stop: () => client.close(),
  }
}
