/**
 * A process that rolls up one day in small pieces until it is done or killed; it says each piece. Arguments: data
 * directory of a running engine, day, decisions a piece, tables (with commas).
 */
import { locateEngine } from '../../../services/runtime/clickhouse/endpoint-file.ts'
import { openClickHouse } from '../../../services/runtime/clickhouse/client.ts'
import { rollUpDay } from '../../../services/storage/roll-up/roll-up-day.ts'
import { readRollUps } from '../../../services/storage/roll-up/roll-ups.ts'

const [dataDir = '', day = '', pieceRows = '', tables = ''] = process.argv.slice(2)
const endpoint = await locateEngine(dataDir)
if (endpoint === null) throw new Error('no engine')
const client = openClickHouse(endpoint)
const rollUps = (await readRollUps()).filter(({ table }) => tables.split(',').includes(table))
await rollUpDay(
  client,
  rollUps,
  { tenant: 'default', day, upTo: `${day} 23:59:59.999` },
  { piece_rows: Number(pieceRows), rolled: (table) => process.send?.(table) },
)
await client.close()
process.disconnect()
