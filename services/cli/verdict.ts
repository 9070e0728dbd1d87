import { userInfo } from 'node:os'
import { Argument } from 'commander'
import type { Command } from 'commander'
import { VerdictKind } from '../../schemas/verdict.ts'
import type { CliContext } from './context.ts'

const EFFECTS: Readonly<Record<VerdictKind, string>> = {
  confirm_compromised: 'their sessions are revoked',
  confirm_safe: 'what was held against them is taken back',
  dismiss: 'the story closes, their risk stays as it is',
}

/** `gatewatch verdict`: an analyst's word on a story, written straight to the log. */
export function declareVerdict(program: Command, context: CliContext): void {
  program
    .command('verdict')
    .argument('<story>', 'id of the story, as the console and the alerts name it')
    .addArgument(new Argument('<verdict>', 'what it was').choices(VerdictKind.options))
    .option('--note <text>', 'why', '')
    .description('judge a story: revoke those involved, take the restrictions back, or only close it')
    .action((story: string, verdict: VerdictKind, { note }: { note: string }) =>
      context.withRuntime(async ({ eventLog }) => {
        const { judgeStory } = await import('../feedback/judge-story.ts')
        const judged = await judgeStory(eventLog, story, {
          verdict,
          note: note.slice(0, 2000),
          analyst: `${userInfo().username}@cli`,
          decided_at: new Date().toISOString(),
        })
        const whom = judged.verdicts.length === 1 ? '1 entity' : `${judged.verdicts.length} entities`
        const when = (await eventLog.hasMembers('feedback'))
          ? 'It takes effect now.'
          : 'No feedback role is running; it takes effect when one starts.'
        context.io.stdout.write(
          `${verdict} on ${whom} of story ${judged.story.id}: ${EFFECTS[verdict]}. ${when}\n`,
        )
      }),
    )
}
