/** The window: what surrounds every view, and which view is shown. */
import { MantineProvider } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { usePlace } from '../state/place.ts'
import type { Place } from '../state/place.ts'
import { Dialogs } from './dialogs/dialogs.tsx'
import { MachinesView } from './machine/machines-view.tsx'
import { ClientLine } from './shell/client-line.tsx'
import { EngineLine } from './shell/engine-line.tsx'
import { ErrorFence } from './shell/error-fence.tsx'
import { FileDrop } from './shell/file-drop.tsx'
import { MachineMenuPlace } from './shell/machine-menu-place.tsx'
import { TitleBar } from './shell/title-bar.tsx'
import { Toasts } from './shell/toasts.tsx'
import { useDesktop } from './shell/use-desktop.ts'
import { useHappenings } from './shell/use-happenings.ts'
import { useShortcuts } from './shell/use-shortcuts.ts'
import { cssVariables, theme } from './theme.ts'

const DoctorPage = lazy(async () => ({ default: (await import('../features/doctor/doctor-page.tsx')).DoctorPage }))
const GridView = lazy(async () => ({ default: (await import('./grid/grid-view.tsx')).GridView }))
const RunsPage = lazy(async () => ({ default: (await import('../features/run/runs-page.tsx')).RunsPage }))
const TemplatesPage = lazy(async () => ({ default: (await import('../features/templates/templates-page.tsx')).TemplatesPage }))
const ImagesPage = lazy(async () => ({ default: (await import('../features/images/images-page.tsx')).ImagesPage }))
const ScreenWindow = lazy(async () => ({ default: (await import('./machine/screen-window.tsx')).ScreenWindow }))
const SettingsPage = lazy(async () => ({ default: (await import('../features/settings/settings-page.tsx')).SettingsPage }))
const AboutPage = lazy(async () => ({ default: (await import('../features/about/about-page.tsx')).AboutPage }))

/** The policy of the page lets only style sheets with this nonce in. */
function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? ''
}

export function App(): React.ReactNode {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" getStyleNonce={styleNonce}>
      <Window />
      <Toasts />
    </MantineProvider>
  )
}

function Window(): React.ReactNode {
  const place = usePlace()
  useShortcuts()
  useHappenings()
  useDesktop()
  return (
    <div className="app">
      {place.view === 'screen' ? <span /> : <TitleBar place={place} />}
      <div>
        <EngineLine />
        {place.view === 'screen' ? null : <ClientLine />}
      </div>
      <ErrorFence key={place.view}>
        <Suspense fallback={<main className="app-main" aria-busy />}>
          <View place={place} />
        </Suspense>
      </ErrorFence>
      <Dialogs />
      <MachineMenuPlace />
      <FileDrop />
    </div>
  )
}

function View({ place }: { readonly place: Place }): React.ReactNode {
  switch (place.view) {
    case 'machines': return <MachinesView machine={place.machine} tab={place.tab ?? 'console'} />
    case 'templates': return <main className="app-main"><TemplatesPage /></main>
    case 'runs': return <main className="app-main"><RunsPage run={place.run} /></main>
    case 'grid': return <GridView of={place.of} id={place.id} />
    case 'images': return <main className="app-main"><ImagesPage /></main>
    case 'screen': return <ScreenWindow machine={place.machine} />
    case 'doctor': return <main className="app-main"><DoctorPage /></main>
    case 'settings': return <main className="app-main"><SettingsPage section={place.section} /></main>
    case 'about': return <main className="app-main"><AboutPage /></main>
  }
}
