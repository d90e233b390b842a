/** A part of the window that breaks does not take the rest along. */
import { Component } from 'react'
import { text } from '../../text/text.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Note } from '../../ui/note.tsx'

interface ErrorFenceState {
  readonly error: Error | undefined
}

export class ErrorFence extends Component<{ readonly children: React.ReactNode }, ErrorFenceState> {
  override state: ErrorFenceState = { error: undefined }

  static getDerivedStateFromError(error: unknown): ErrorFenceState {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  override render(): React.ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <main className="app-main app-fence">
        <Note
          kind="bad"
          title={text.error.pageBroke}
          live
          actions={<><Button size="small" onClick={() => this.setState({ error: undefined })}>{text.error.showAnew}</Button><CopyButton look="default" size="small" text={error.stack ?? error.message} name={text.error.copyReport} word={text.error.copyReport} copiedWord={text.copied} /></>}
        >
          <p>{text.error.pageBrokeMore}</p>
          <pre>{error.message}</pre>
        </Note>
      </main>
    )
  }
}
