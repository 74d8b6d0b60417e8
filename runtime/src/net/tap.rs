//! A copy of everything that a process receives and sends, in plaintext.
//!
//! For tests and for the demo's blind check, which looks in it for what the broker must not see.
//! A process of a real organisation refuses to make one: the mode follows from its certificate.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use grondslag_core::id::Mode;
use grondslag_core::reason::Reason;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Io, Listener, Net, NetError};
use crate::limits::{TAP_BYTES_MAX, TAP_OVERLAP_BYTES};

/// Rights of the copy: for its owner alone.
const TAP_FILE_MODE: u32 = 0o600;

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    /// The process is of a real organisation.
    #[error(
        "what passes is copied in a demo region only; this is the certificate of a real agency"
    )]
    NotDemo,
    /// The file is there already, or cannot be made.
    #[error("{}: the copy of what passes cannot be made ({kind})", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        kind: io::ErrorKind,
    },
}

impl TapError {
    /// The stable reason.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::NotDemo => Reason::ModeMismatch,
            Self::File { kind: io::ErrorKind::AlreadyExists, .. } => Reason::FileExists,
            Self::File { .. } => Reason::StoreUnwritable,
        }
    }
}

/// A network of which every stream is copied once its handshake is done.
#[derive(Debug)]
pub struct TapNet {
    net: Arc<dyn Net>,
    tap: Tap,
}

impl TapNet {
    /// Copies what passes over `net` into a new file.
    ///
    /// # Errors
    /// [`TapError::NotDemo`] for a process that is not fictional, before anything is made.
    pub fn over(net: Arc<dyn Net>, file: &Path, own: Mode) -> Result<Self, TapError> {
        match own {
            Mode::Demo => Ok(Self { net, tap: Tap::create(file)? }),
            Mode::Production => Err(TapError::NotDemo),
        }
    }
}

#[async_trait]
impl Net for TapNet {
    async fn listen(&self, address: SocketAddr) -> Result<Box<dyn Listener>, NetError> {
        self.net.listen(address).await
    }

    async fn connect(&self, endpoint: &str, wait_max: Duration) -> Result<Box<dyn Io>, NetError> {
        self.net.connect(endpoint, wait_max).await
    }

    fn tap(&self) -> Option<Tap> {
        Some(self.tap.clone())
    }
}

/// Where the copy goes. Its clones write to the same file.
#[derive(Clone)]
pub struct Tap(
    // Held while one piece is written; never while waiting.
    Arc<Mutex<Copied>>,
);

impl fmt::Debug for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tap(…)")
    }
}

struct Copied {
    file: File,
    left_bytes: u64,
}

impl Tap {
    fn create(path: &Path) -> Result<Self, TapError> {
        let file = OpenOptions::new().write(true).create_new(true).mode(TAP_FILE_MODE).open(path);
        let file =
            file.map_err(|error| TapError::File { file: path.to_owned(), kind: error.kind() })?;
        Ok(Self(Arc::new(Mutex::new(Copied { file, left_bytes: TAP_BYTES_MAX }))))
    }

    /// The stream, whose bytes in both directions are copied from now on.
    pub fn on(&self, stream: Box<dyn Io>) -> Box<dyn Io> {
        let tap = self.clone();
        Box::new(Tapped { stream, tap, read: Way::default(), written: Way::default() })
    }

    /// Writes one piece, after the end of the piece that went the same way before it.
    fn copy(&self, way: &mut Way, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        way.last.extend_from_slice(bytes);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(&way.last);
        let old = way.last.len().saturating_sub(TAP_OVERLAP_BYTES);
        way.last.drain(..old);
    }
}

impl Copied {
    /// Writes as much as there is room for. A full copy has exactly the size of the bound, from
    /// which a reader knows that it is not whole; so has one whose disk is full, which is told.
    fn append(&mut self, bytes: &[u8]) {
        if self.left_bytes == 0 {
            return;
        }
        let room = usize::try_from(self.left_bytes).unwrap_or(usize::MAX);
        let piece = bytes.get(..room).unwrap_or(bytes);
        if self.file.write_all(piece).is_err() {
            // Grows to its bound without taking room, so that nobody takes it for whole.
            let _ = self.file.set_len(TAP_BYTES_MAX);
            self.left_bytes = 0;
        } else {
            let len = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            self.left_bytes = self.left_bytes.saturating_sub(len);
        }
        if self.left_bytes == 0 {
            tracing::warn!(limit = TAP_BYTES_MAX, "what passes is no longer copied");
        }
    }
}

/// One direction of one stream. Pieces of several streams lie between each other in the file; each
/// begins with the end of the piece before it, so that what lies across two pieces is whole once.
#[derive(Default)]
struct Way {
    last: Vec<u8>,
}

struct Tapped {
    stream: Box<dyn Io>,
    tap: Tap,
    read: Way,
    written: Way,
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, into);
        let this = &mut *self;
        this.tap.copy(&mut this.read, into.filled().get(before..).unwrap_or_default());
        polled
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(taken)) = polled {
            let this = &mut *self;
            this.tap.copy(&mut this.written, bytes.get(..taken).unwrap_or_default());
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        if let Poll::Ready(Ok(mut taken)) = polled {
            let this = &mut *self;
            for piece in pieces {
                let part = piece.get(..taken).unwrap_or(piece);
                this.tap.copy(&mut this.written, part);
                taken -= part.len();
            }
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::net::TcpNet;
    use crate::server::{Callers, Server};
    use crate::test_region::{Running, Slow, TestRegion, call_slow, free};

    fn tapped(file: &Path) -> TapNet {
        TapNet::over(Arc::new(TcpNet), file, Mode::Demo).unwrap()
    }

    fn holds(file: &Path, what: &[u8]) -> bool {
        fs::read(file).unwrap().windows(what.len()).any(|window| window == what)
    }

    /// The answer is a status that names the caller, in the trailers of the call.
    #[tokio::test]
    async fn what_passes_over_tls_stands_in_plaintext_at_both_ends() {
        let region = TestRegion::new();
        let (broker, node) = (region.agency(1), region.agency(2));
        let [near, far] = ["near", "far"].map(|name| broker.folder.join(name));
        let slow = Slow::default();
        let server = Server::region("test", broker.tls.clone(), &crate::test_region::limits())
            .add(slow.clone(), Callers::verified());
        let server = Running::start(server.bind(&tapped(&far), free()).await.unwrap(), slow);
        server.slow.go_on.notify_one();
        let net = Arc::new(tapped(&near));
        let channel = node.channel_over(net, &broker.oin, server.address);
        assert_eq!(call_slow(channel).await.message(), node.oin.as_str());
        for file in [&near, &far] {
            // The first bytes of a client of HTTP/2.
            assert!(holds(file, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "{}", file.display());
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(TcpNet.tap().is_none(), "nobody copies unasked");
    }

    #[tokio::test]
    async fn what_lies_across_two_pieces_is_whole_although_another_stream_came_between() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tap");
        let net = tapped(&file);
        let tap = net.tap().unwrap();
        let (one, mut one_far) = tokio::io::duplex(1_024);
        let (other, mut other_far) = tokio::io::duplex(1_024);
        let (mut one, mut other) = (tap.on(Box::new(one)), tap.on(Box::new(other)));
        one.write_all(b"sent in t").await.unwrap();
        other.write_all(b"something else").await.unwrap();
        one.write_all(b"wo pieces").await.unwrap();
        for part in [&b"heard in t"[..], b"hree ", b"parts"] {
            one_far.write_all(part).await.unwrap();
            one.read_exact(&mut vec![0; part.len()]).await.unwrap();
            other_far.write_all(b"noise").await.unwrap();
            other.read_exact(&mut [0; 5]).await.unwrap();
        }
        let pieces = [IoSlice::new(b"at "), IoSlice::new(b"once")];
        assert_eq!(one.write_vectored(&pieces).await.unwrap(), 7);
        for whole in [&b"sent in two pieces"[..], b"heard in three parts", b"at once"] {
            assert!(holds(&file, whole), "{}", String::from_utf8_lossy(whole));
        }
        assert!(!holds(&file, b"never sent"));
    }

    #[test]
    fn a_copy_ends_at_its_bound_and_shows_that_it_is_not_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tap");
        let tap = tapped(&file).tap().unwrap();
        tap.0.lock().unwrap().left_bytes = 4;
        let mut way = Way::default();
        tap.copy(&mut way, b"abc");
        tap.copy(&mut way, b"def");
        tap.copy(&mut way, b"ghi");
        assert_eq!(fs::read(&file).unwrap(), b"abca");
    }

    #[test]
    fn a_real_organisation_makes_no_copy_and_no_file_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tap");
        let refused = TapNet::over(Arc::new(TcpNet), &file, Mode::Production).unwrap_err();
        assert_eq!(refused.reason(), Reason::ModeMismatch);
        assert!(!file.exists());
        drop(tapped(&file));
        let again = TapNet::over(Arc::new(TcpNet), &file, Mode::Demo).unwrap_err();
        assert_eq!(again.reason(), Reason::FileExists);
    }
}
