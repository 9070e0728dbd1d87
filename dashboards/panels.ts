import {
  FrameGeometrySourceBuilder,
  FrameGeometrySourceMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  MapLayerOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  PanelBuilder as MapBuilder,
  MapCenterID,
  MapViewConfigBuilder,
  TooltipMode,
  TooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/geomap'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { framed } from './frame.ts'

/** Colours of outcomes, levels and verdicts, the same in every panel and in the console. */
const colours: Readonly<Record<string, string>> = {
  permit: 'green',
  step_up: 'orange',
  deny: 'red',
  revoke: 'purple',
  error_closed: 'text',
  error_open: 'yellow',
  LOW: 'green',
  MEDIUM: 'orange',
  HIGH: 'red',
  confirm_compromised: 'dark-red',
  confirm_safe: 'dark-green',
  dismiss: 'blue',
}

/** A number that answers `question`. */
export function stat(title: string, question: string): StatBuilder {
  return framed(new StatBuilder(), title, question).unit('short').noValue('0').height(4).span(4)
}

/** Lines over time that answer `question`. */
export function lines(title: string, question: string): TimeSeriesBuilder {
  const legend = new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
  const panel = framed(new TimeSeriesBuilder(), title, question)
    .unit('short')
    .min(0)
    .lineWidth(1)
    .fillOpacity(10)
    .legend(legend)
    .height(8)
    .span(12)
  for (const [name, fixedColor] of Object.entries(colours)) {
    // Without slashes Grafana takes the whole name for what is meant, and a series' name begins with its column's.
    panel.overrideByRegexp(`/(^| )${name}$/`, [{ id: 'color', value: { mode: 'fixed', fixedColor } }])
  }
  return panel
}

/** Stacked bars over time that answer `question`. */
export function bars(title: string, question: string): TimeSeriesBuilder {
  return lines(title, question)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .lineWidth(0)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
}

/**
 * Rows that answer `question`. Grafana puts the words for an empty panel into
 * every empty cell too: there nothing is better. Its columns are 150 pixels wide at
 * least, which is too little for a time or a sentence and too much for a count.
 */
export function rows(title: string, question: string): TableBuilder {
  return framed(new TableBuilder(), title, question)
    .unit('none')
    .minWidth(110)
    .overrideByRegexp('/.*/', [{ id: 'noValue', value: '' }])
    .overrideByRegexp('/^(summary|title|detail|note)$/', [{ id: 'custom.minWidth', value: 280 }])
    .overrideByFieldType('time', [{ id: 'custom.minWidth', value: 185 }])
    .height(8)
    .span(24)
}

/**
 * A map that answers `question`: rows with `latitude`, `longitude`, and the
 * column `size` that says how large a mark is. The base layer is the outlines of
 * countries that come with Grafana: its own default loads tiles from a server
 * outside, which would tell that server where somebody is looked for.
 */
export function places(title: string, question: string, size: string): MapBuilder {
  const marks = {
    showLegend: false,
    style: {
      size: { field: size, fixed: 6, min: 5, max: 25 },
      color: { fixed: 'dark-orange' },
      opacity: 0.6,
      symbol: { mode: 'fixed', fixed: 'img/icons/marker/circle.svg' },
    },
  }
  const outlines = {
    src: 'public/maps/countries.geojson',
    rules: [],
    style: { color: { fixed: 'text' }, opacity: 0.1 },
  }
  return framed(new MapBuilder(), title, question)
    .unit('none')
    .view(
      // How near it comes to few places is `zoom`, of which the builder's default is the whole world.
      new MapViewConfigBuilder()
        .id(MapCenterID.Fit)
        .allLayers(false)
        .layer('Places')
        .zoom(5)
        .maxZoom(8)
        .padding(20),
    )
    .tooltip(new TooltipOptionsBuilder().mode(TooltipMode.Details))
    .basemap(new MapLayerOptionsBuilder().type('geojson').name('Countries').config(outlines).tooltip(false))
    .layers([
      new MapLayerOptionsBuilder()
        .type('markers')
        .name('Places')
        .location(
          new FrameGeometrySourceBuilder()
            .mode(FrameGeometrySourceMode.Coords)
            .latitude('latitude')
            .longitude('longitude'),
        )
        .config(marks)
        .tooltip(true),
    ])
    .height(12)
    .span(12)
}
