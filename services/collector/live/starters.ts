import type { Logger } from 'pino'
import type { Running } from '../../runtime/runtime.ts'
import type { Tokens } from '../../runtime/tokens.ts'
import { shapeOf } from '../formats/open.ts'
import type { CollectorConfig, Source } from './config.ts'
import { startFile } from './file/start.ts'
import { openPushListener, type PushListener } from './http/listener.ts'
import { startHttp } from './http/start.ts'
import { startEntra } from './pull/entra.ts'
import { startOkta } from './pull/okta.ts'
import type { StartSource } from './source.ts'
import { startSyslog } from './syslog/start.ts'

export interface Starters extends Running {
  readonly http_port: number | null
  of(source: Source): StartSource
}

/** How each kind of source is started. What several sources share, the HTTP listener, is opened here. */
export async function startersOf(
  config: CollectorConfig,
  parts: { readonly tokens: Tokens; readonly logger: Logger },
): Promise<Starters> {
  const pushed = config.sources.filter(({ kind }) => kind === 'http').map(({ name }) => name)
  const listener =
    pushed.length === 0 ? null : await openPushListener(config.http, { ...parts, sources: pushed })
  return {
    http_port: listener?.port ?? null,
    of: (source) => (context) => starterOf(source, listener)(context),
    async stop() {
      await listener?.stop()
    },
  }
}

function starterOf(source: Source, listener: PushListener | null): StartSource {
  switch (source.kind) {
    case 'file':
      return (context) => startFile({ ...source, framing: shapeOf(source.format).framing }, context)
    case 'http':
      if (listener === null) throw new Error('there is no listener for pushes')
      return (context) => startHttp(source, listener, context)
    case 'syslog':
      return (context) => startSyslog(source, context)
    case 'grpc-als':
      return async (context) => {
        const { startAls } = await import('./grpc/start.ts')
        return startAls(source, context)
      }
    case 'kafka':
      return async (context) => {
        const { startKafka } = await import('./kafka/start.ts')
        return startKafka(source, context)
      }
    case 'okta':
      return (context) => startOkta(source, context)
    case 'entra':
      return (context) => startEntra(source, context)
    default:
      return source satisfies never
  }
}
