import type { Entity } from '../../../schemas/entity.ts'
import type { Config } from '../../config.ts'
import { openKnownErasures } from '../../runtime/erasures/known-erasures.ts'
import { erasureSecret } from '../../runtime/erasures/secret.ts'
import type { Runtime } from '../../runtime/runtime.ts'

/** Whether an entity belongs to somebody who was erased, by whoever has the key of the marks. */
export async function wasErased(
  { eventLog, dataDir }: Pick<Runtime, 'eventLog' | 'dataDir'>,
  config: Pick<Config, 'erasure'>,
  { tenant, entity }: { readonly tenant: string; readonly entity: Entity },
): Promise<boolean> {
  const known = await openKnownErasures(eventLog, () => erasureSecret(dataDir, config.erasure))
  return !known.none && known.at(tenant, 0).has(entity)
}
