import type { ClickHouseClient } from '@clickhouse/client'
import type { Logger } from 'pino'
import { migrate } from '../runtime/clickhouse/migrate.ts'
import { columnTypes } from './column-types.ts'

/** The tables' columns, asked for once; asked for again after `forget`, since another version may have migrated. */
export interface TableTypes {
  of(table: string): Promise<ReadonlyMap<string, string>>
  forget(): void
}

/** A store without the table is new or was emptied: it is migrated. */
export function openTableTypes(
  client: ClickHouseClient,
  { logger, cluster }: { readonly logger: Logger; readonly cluster: string | undefined },
): TableTypes {
  const known = new Map<string, ReadonlyMap<string, string>>()
  return {
    async of(table) {
      let types = known.get(table)
      if (types) return types
      types = await columnTypes(client, table)
      if (types.size === 0) {
        await migrate(client, { logger, cluster })
        types = await columnTypes(client, table)
      }
      known.set(table, types)
      return types
    },
    forget: () => known.clear(),
  }
}
