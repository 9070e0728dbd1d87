import { Option, type Command } from 'commander'
import { GatewatchError } from '../runtime/errors.ts'
import type { CliContext } from './context.ts'
import type { ExportFlags } from './export/flags.ts'
import { instantOf } from './instant.ts'

/** `gatewatch export`: findings and decisions as OCSF, to a file or to a topic on Kafka. */
export function declareExport(program: Command, context: CliContext): void {
  program
    .command('export')
    .addOption(new Option('--format <name>', 'OCSF 1.8.0').choices(['ocsf']).default('ocsf'))
    .addOption(
      new Option('--class <name>', 'Detection Finding, or decisions as API Activity')
        .choices(['findings', 'decisions'])
        .default('findings'),
    )
    .option('--from <instant>', 'first instant of event time (default: the oldest)')
    .option('--to <instant>', 'end of event time (default: the newest)')
    .option('-o, --out <file>', 'one event a line, whole or not at all (default: the standard output)')
    .option('--kafka-topic [name]', 'to Kafka, where the last run ended (default: export.ocsf.v1)')
    .option('-f, --follow', 'to Kafka: go on with what comes')
    .option('--group <name>', 'to Kafka: who keeps the position; another name begins anew')
    .option('-t, --tenant <name>', 'the tenant (to a file: the configured one; to Kafka: all)')
    .description('give findings or decisions to another system')
    .action((flags: ExportFlags) =>
      context.withRuntime(async (runtime, config) => {
        checkFlags(flags)
        const range = { from_ms: instantOf(flags.from, '--from'), to_ms: instantOf(flags.to, '--to') }
        if (flags.kafkaTopic === undefined) {
          const { exportFile } = await import('./export/export-file.ts')
          return exportFile(context, runtime, config, flags, range)
        }
        const { exportTopic } = await import('./export/export-topic.ts')
        return exportTopic(context, runtime, config, flags, range)
      }),
    )
}

function checkFlags({ out, kafkaTopic, follow, group }: ExportFlags): void {
  if (out !== undefined && kafkaTopic !== undefined)
    throw new GatewatchError('ERR_USAGE', 'Choose one of --out and --kafka-topic.')
  if (kafkaTopic === undefined && (follow === true || group !== undefined))
    throw new GatewatchError(
      'ERR_USAGE',
      '--follow and --group need --kafka-topic; gatewatch findings --ocsf --follow follows to the standard output.',
    )
}
