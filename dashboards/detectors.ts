import { type DashboardBuilder, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { board } from './board.ts'
import { table, timeSeries } from './clickhouse-query.ts'
import { metric } from './metrics.ts'
import { linked, toDetector, toExplanation, toSession, toSource, toStory, toSubject } from './links.ts'
import { bars, lines, rows, stat } from './panels.ts'
import { fromScores, ofDetectors } from './rolled-figures.ts'
import { findingsByDetector } from './shared-panels.ts'
import { TOLD } from './stories.ts'
import { among, detectorVariable, levelVariable, ofTenant } from './variables.ts'
import { heldBack } from './workers.ts'

const chosen = `${among('toString(detector_id)', 'detector')} AND ${among('toString(risk_level)', 'level')}`
/** As the newest revision of each has it: FINAL, since its level and its gates change. */
const findings = `FROM findings FINAL WHERE ${ofTenant} AND $__timeFilter_ms(first_observed_at) AND ${chosen}`
/** The newest verdict on each finding of the range. A story's verdict is on all of its findings. */
const judged = `SELECT finding, argMax(verdict, decided_at) AS verdict FROM (
     SELECT arrayJoin(finding_ids) AS finding, toString(verdict) AS verdict, decided_at
     FROM verdicts WHERE ${ofTenant} AND decided_at >= $__fromTime
   ) GROUP BY finding`

const total = () =>
  stat('Findings', 'How much was found?').withTarget(table(`SELECT count() AS findings ${findings}`))

const aDay = () =>
  stat('Findings a day', 'How many findings does a day bring? The budget is a ceiling for this.')
    .decimals(1)
    .withTarget(
      table(
        `SELECT count() / greatest(date_diff('second', $__fromTime, $__toTime) / 86400, 1 / 24) AS a_day ${findings} AND origin = 'live'`,
      ),
    )

const confirmed = () =>
  stat('Precision', 'Of the findings that an analyst judged, which share was right?')
    .unit('percentunit')
    .noValue('None is judged')
    .withTarget(
      table(
        `SELECT if(count() = 0, NULL, countIf(verdict = 'confirm_compromised') / count()) AS precision
         FROM (${judged}) WHERE finding IN (SELECT id ${findings}) AND verdict != 'dismiss'`,
      ),
    )

const unjudged = () =>
  stat('Without a verdict', 'How many stories of this time still wait for one?').withTarget(
    table(
      `SELECT countIf(state = 'open') AS stories FROM stories FINAL WHERE ${ofTenant} AND $__timeFilter_ms(observed_at)`,
    ),
  )

const untilVerdict = () =>
  stat('Until a verdict', 'How long does a story wait for its verdict, at the median?')
    .unit('s')
    .noValue('None is judged')
    .withTarget(
      table(
        `SELECT if(count() = 0, NULL, quantile(0.5)(date_diff('second', opened_at, assumeNotNull(closed_at)))) AS seconds
         FROM stories FINAL WHERE ${ofTenant} AND $__timeFilter_ms(opened_at) AND verdict IS NOT NULL AND closed_at IS NOT NULL`,
      ),
    )

const suppressed = () =>
  stat('Made smaller by gates', 'How many findings did a gate make less grave?').withTarget(
    table(`SELECT countIf(notEmpty(gates_name)) AS findings ${findings}`),
  )

const byLevel = () =>
  bars('Findings by level', 'How grave are they?').withTarget(
    timeSeries(
      `SELECT $__timeInterval(first_observed_at) AS time, toString(risk_level) AS level, count() AS findings
       ${findings} GROUP BY time, level ORDER BY time`,
    ),
  )

const precision = () =>
  linked(
    rows('Precision by detector', 'Whose findings do analysts confirm, and whose do they wave away?'),
    'detector',
    toDetector,
  )
    .overrideByName('precision', [{ id: 'unit', value: 'percentunit' }])
    .withTarget(
      table(
        `SELECT toString(detector_id) AS detector, max(detector_version) AS version, uniq(id) AS findings,
         uniqIf(id, verdict = 'confirm_compromised') AS compromised, uniqIf(id, verdict = 'confirm_safe') AS safe, uniqIf(id, verdict = 'dismiss') AS dismissed,
         if(compromised + safe = 0, NULL, compromised / (compromised + safe)) AS precision, uniq(entity_id) AS entities, max(observed_at) AS newest
       FROM (SELECT id, detector_id, detector_version, entity_id, observed_at ${findings}) AS found
       LEFT JOIN (${judged}) AS judged ON judged.finding = found.id
       GROUP BY detector ORDER BY findings DESC, detector LIMIT 200`,
      ),
    )

const gates = () =>
  linked(
    rows('Suppression', 'Which gate kept which detector from a finding, how often, and by how much?'),
    'detector',
    toDetector,
  )
    .span(12)
    .noValue('No gate kept a decision from being a finding in this time range')
    .withTarget(
      table(
        `SELECT splitByString('.gate.', key)[1] AS detector, splitByString('.gate.', key)[2] AS gate, sum(n) AS decisions,
           round(quantilesTDigestMerge(0.5, 0.99)(spread_set)[1], 2) AS factor
         FROM (SELECT detector AS key, n, spread_set ${fromScores()}) WHERE position(key, '.gate.') > 0 AND ${among("splitByString('.gate.', key)[1]", 'detector')}
         GROUP BY detector, gate ORDER BY decisions DESC, detector, gate LIMIT 100`,
      ),
    )

const scores = () =>
  linked(
    rows(
      'Scores of all decisions',
      'How are scores spread where nothing is found? A detector without any has nothing to read.',
    ),
    'detector',
    toDetector,
  )
    .span(12)
    .withTarget(
      table(
        `SELECT detector, sum(n) AS scored, round(quantilesTDigestMerge(0.5, 0.99)(spread_set)[1], 2) AS median,
           round(quantilesTDigestMerge(0.5, 0.99)(spread_set)[2], 2) AS p99, round(max(highest_score), 2) AS highest
         ${fromScores()} WHERE ${ofDetectors} AND ${among('detector', 'detector')} GROUP BY detector ORDER BY scored DESC LIMIT 200`,
      ),
    )

const uniformity = () =>
  metric(
    'Calibration',
    'Are p-values uniform where nothing happens? A detector near zero is miscalibrated (Kolmogorov-Smirnov).',
    'min by (detector) (gatewatch_calibration_uniformity_p)',
    '{{detector}}',
  )
    .noValue(
      'Nothing yet: detectors are judged from their second week on, three of them from the third; imported history does not count unless scoring.calibrate_on_import says so',
    )
    .max(1)

const late = () =>
  metric(
    'Late decisions',
    'How many decisions came too late to be learnt from?',
    'sum by (stage) (rate(gatewatch_scoring_late_total[$__rate_interval]))',
    '{{stage}}',
  )

const newest = () => {
  const panel = rows(
    'Newest findings',
    'What was found lately, on which figures does it rest, and in which story is it told?',
  ).height(12)
  const named = linked(linked(linked(panel, 'subject', toSubject), 'network', toSource), 'session', toSession)
  const told = linked(linked(named, 'detector', toDetector), 'story', toStory)
  return linked(told, 'decision_id', toExplanation).withTarget(
    table(
      `SELECT found.observed_at AS last_seen, toString(risk_level) AS risk_level, toString(detector_id) AS detector, if(entity_type = 'subject', entity_id, '') AS subject, if(entity_type = 'source', entity_id, '') AS network,
         if(entity_type = 'session', entity_id, '') AS session, if(subject = '' AND network = '' AND session = '', concat(entity_type, ' ', entity_id), '') AS other, summary,
         round(score, 2) AS score, round(evidence_nats, 2) AS nats, evidence, arrayStringConcat(arrayMap((n, f) -> concat(toString(n), ' × ', toString(f)), gates_name, gates_factor), ', ') AS gates,
         story, decision_ids[-1] AS decision_id
       FROM (SELECT * ${findings} ORDER BY observed_at DESC, id LIMIT 100) AS found ${TOLD} = found.id
       ORDER BY last_seen DESC, found.id LIMIT 100`,
    ),
  )
}

const seen = () =>
  lines(
    'Evidence',
    'How much evidence does a finding carry, in nats, at the median and at the top?',
  ).withTarget(
    timeSeries(
      `SELECT $__timeInterval(first_observed_at) AS time, quantile(0.5)(evidence_nats) AS median, max(evidence_nats) AS highest
       ${findings} GROUP BY time ORDER BY time`,
    ),
  )

/** Whether detection can be trusted: how much it says, and how often it is right. */
export function detectors(): DashboardBuilder {
  return board({
    name: 'detectors',
    title: 'findings and detectors',
    description: 'What was found, how often it was right, and whether each detector is calibrated.',
    from: 'now-7d',
  })
    .withVariable(detectorVariable())
    .withVariable(levelVariable())
    .withPanel(total())
    .withPanel(aDay())
    .withPanel(confirmed())
    .withPanel(unjudged())
    .withPanel(untilVerdict())
    .withPanel(suppressed())
    .withRow(new RowBuilder('Over time'))
    .withPanel(findingsByDetector(chosen))
    .withPanel(byLevel())
    .withPanel(seen())
    .withPanel(uniformity())
    .withRow(new RowBuilder('By detector'))
    .withPanel(precision())
    .withPanel(gates())
    .withPanel(scores())
    .withPanel(late())
    .withPanel(heldBack())
    .withRow(new RowBuilder('In full'))
    .withPanel(newest())
}
