import { CommanderError, Option, Command } from 'commander'
import { createContext } from './cli/context.ts'
import { declareBackup, declareRestore } from './cli/backup.ts'
import { declareBench } from './cli/bench.ts'
import { declareCase } from './cli/case.ts'
import { declareDevice } from './cli/device.ts'
import { declareFindings } from './cli/findings.ts'
import { declareErase } from './cli/erase.ts'
import { declareEvaluate } from './cli/evaluate.ts'
import { declareExplain } from './cli/explain.ts'
import { declareExport } from './cli/export.ts'
import { declareImport } from './cli/import.ts'
import { processIo, type CliIo } from './cli/io.ts'
import { declareGrants } from './cli/grants.ts'
import { declareMigrate } from './cli/migrate.ts'
import { declarePolicy } from './cli/policy.ts'
import { declareQuery } from './cli/query.ts'
import { declareReplay } from './cli/replay.ts'
import { declareRules } from './cli/rules.ts'
import { declareRun } from './cli/run.ts'
import { declareStatus } from './cli/status.ts'
import { declareToken } from './cli/token.ts'
import { declareTopics } from './cli/topics.ts'
import { declareUp } from './cli/up.ts'
import { declareVerdict } from './cli/verdict.ts'
import { declareVerify } from './cli/verify.ts'
import { LOG_LEVELS } from './runtime/log-levels.ts'

/** The `gatewatch` command: reads the command line and hands over. */
export async function runCli(
  args: readonly string[],
  io: CliIo,
  env: Readonly<Record<string, string | undefined>>,
  setExitCode: (code: number) => void,
): Promise<void> {
  const program = new Command('gatewatch')
    .description(
      'Observability and anomaly detection for access decisions: every decision is\n' +
        'recorded, scored while the request is still warm, and every score can change the next.',
    )
    .option(
      '-c, --config <file>',
      'configuration, YAML (default: GATEWATCH_CONFIG, then ./gatewatch.yaml if there)',
    )
    .option('-d, --data-dir <directory>', 'where everything local lives (default: .gatewatch)')
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS))
    .option('-v, --verbose', 'show where a failure came from')
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: (text) => io.stderr.write(text) })
    .showHelpAfterError("Run 'gatewatch --help' to see the commands.")
    .exitOverride()
  const context = createContext(program, io, env, setExitCode)
  declareUp(program, context)
  declareRun(program, context)
  declareImport(program, context)
  declareExplain(program, context)
  declarePolicy(program, context)
  declareRules(program, context)
  declareQuery(program, context)
  declareFindings(program, context)
  declareVerdict(program, context)
  declareCase(program, context)
  declareExport(program, context)
  declareVerify(program, context)
  declareReplay(program, context)
  declareEvaluate(program, context)
  declareStatus(program, context)
  declareTopics(program, context)
  declareBench(program, context)
  declareDevice(program, context)
  declareMigrate(program, context)
  declareGrants(program, context)
  declareToken(program, context)
  declareBackup(program, context)
  declareRestore(program, context)
  declareErase(program, context)
  try {
    await program.parseAsync(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help that was asked for is no mistake; a mistake in usage is exit code 2, as for configuration.
    setExitCode(error.exitCode === 0 ? 0 : 2)
  }
}

if (import.meta.main)
  await runCli(process.argv.slice(2), processIo(process), process.env, (code) => {
    process.exitCode = code
    // A handle that a failed part left open must not keep a finished command alive.
    setTimeout(() => process.exit(), 3000).unref()
  })
