import { writeFile } from 'node:fs/promises'
import { profileXml } from '../../services/runtime/clickhouse/readers/reader-xml.ts'

/** Writes the profile of reading accounts: `node deploy/clickhouse/generate.ts`. */
await writeFile(new URL('reader.xml', import.meta.url), profileXml())
