import { Argument, InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { Tenant } from '../../schemas/bounds.ts'
import { FORMATS } from '../collector/formats/format.ts'
import type { FormatName } from '../collector/formats/format.ts'
import { isTimezone } from '../collector/formats/timezone.ts'
import type { CliContext } from './context.ts'

interface ImportFlags {
  readonly format: FormatName
  readonly tenant: string
  readonly year?: number
  readonly timezone: string
  readonly live?: boolean
}

/** `gatewatch import`: a foreign log goes through the pipeline, once. */
export function declareImport(program: Command, context: CliContext): void {
  program
    .command('import')
    .addArgument(new Argument('<file>', 'a log, gzipped or not; - is the standard input'))
    .addOption(new Option('-f, --format <format>', 'what the log is').choices(FORMATS).makeOptionMandatory())
    .option(
      '-t, --tenant <name>',
      'whom it belongs to; history stays apart from the present',
      tenant,
      'import',
    )
    .option('-y, --year <year>', 'year of the first line, where lines have none (default: worked out)', year)
    .option(
      '-z, --timezone <zone>',
      'zone of instants that have none: Europe/Berlin, +02:00',
      timezone,
      'UTC',
    )
    .option('--live', 'it is the present: risk may restrict people and page')
    .description(
      'put a log of another system through the pipeline and say what was found;\n' +
        'importing the same file again changes nothing',
    )
    .action((path: string, flags: ImportFlags) =>
      context.withRuntime(async (runtime, config) => {
        const { importFile } = await import('./import/import-file.ts')
        const request = {
          path,
          format: flags.format,
          tenant: flags.tenant,
          year: flags.year ?? null,
          timezone: flags.timezone,
          live: flags.live === true,
        }
        return importFile(request, {
          runtime,
          config,
          io: context.io,
          stdin: process.stdin,
          now_ms: Date.now(),
        })
      }),
    )
}

function tenant(text: string): string {
  const parsed = Tenant.safeParse(text)
  if (!parsed.success) throw new InvalidArgumentError(parsed.error.issues[0]?.message ?? 'is no tenant')
  return parsed.data
}

function year(text: string): number {
  if (!/^(19[7-9]\d|2\d{3})$/.test(text)) throw new InvalidArgumentError('must be a year such as 2026')
  return Number(text)
}

function timezone(text: string): string {
  if (!isTimezone(text))
    throw new InvalidArgumentError('must be a zone such as Europe/Berlin, or an offset such as +02:00')
  return text
}
