//! A bad line: every connection through it breaks after a number of bytes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The line, and how often it broke.
pub(crate) struct BadLine {
    pub(crate) address: SocketAddr,
    pub(crate) breaks: Arc<AtomicUsize>,
}

impl BadLine {
    /// A line to `coordinator` that lets `bytes` through in either direction, then breaks.
    pub(crate) async fn to(coordinator: SocketAddr, bytes: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let breaks = Arc::new(AtomicUsize::new(0));
        let counter = breaks.clone();
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let counter = counter.clone();
                tokio::spawn(async move {
                    // A coordinator that is gone is one more broken line.
                    if let Ok(far) = TcpStream::connect(coordinator).await {
                        carry(near, far, bytes).await;
                    }
                    counter.fetch_add(1, Ordering::Relaxed);
                });
            }
        });
        Self { address, breaks }
    }
}

async fn carry(near: TcpStream, far: TcpStream, bytes: usize) {
    let (mut near_read, mut near_write) = near.into_split();
    let (mut far_read, mut far_write) = far.into_split();
    tokio::select! {
        () = copy(&mut near_read, &mut far_write, bytes) => {}
        () = copy(&mut far_read, &mut near_write, bytes) => {}
    }
}

async fn copy(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    mut left: usize,
) {
    let mut buffer = vec![0; 1 << 16];
    while left > 0 {
        let most = left.min(buffer.len());
        let Ok(read @ 1..) = from.read(&mut buffer[..most]).await else {
            return;
        };
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
        left -= read;
    }
}
