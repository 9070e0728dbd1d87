import type { Logger } from 'pino'
import type { Running } from '../../runtime/runtime.ts'
import type { Tokens } from '../../runtime/tokens.ts'
import { shapeOf } from '../formats/open.ts'
import type { CollectorConfig, Source } from './config.ts'
import { startFile } from './file/start.ts'
import type { StartSource } from './source.ts'

export interface Starters extends Running {
  of(source: Source): StartSource
}

/** How each kind of source is started. What several sources share (the HTTP listener) is opened here. */
export async function startersOf(
  _config: CollectorConfig,
  _parts: { readonly tokens: Tokens; readonly logger: Logger },
): Promise<Starters> {
  return {
    of(source) {
      const { framing } = shapeOf(source.format)
      switch (source.kind) {
        case 'file':
          return (context) => startFile({ ...source, framing }, context)
      }
    },
    async stop() {},
  }
}
