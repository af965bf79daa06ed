//! A client of `/ws`.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::Server;

/// How long a message may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An open socket. Dropping it hangs up without a word, as a lost network does.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens `/ws` or one of its short forms, and says nothing yet.
    ///
    /// # Panics
    /// When the server does not let it in.
    pub async fn open(server: &Server, path: &str) -> Self {
        let url = format!("{}{path}", server.url().replacen("http", "ws", 1));
        let (stream, _) = connect_async(url).await.expect("a socket opens");
        Self { stream }
    }

    /// Opens `/ws` and says who it is.
    ///
    /// # Panics
    /// When the server does not know the token.
    pub async fn hello(server: &Server, token: &str) -> Self {
        Self::hello_at(server, "/ws", token).await
    }

    /// The same at one of the short forms.
    ///
    /// # Panics
    /// When the server does not know the token.
    pub async fn hello_at(server: &Server, path: &str, token: &str) -> Self {
        let mut socket = Self::open(server, path).await;
        socket.say(json!({ "type": "hello", "token": token })).await;
        let ready = socket.hear().await;
        assert_eq!(ready["type"], "ready", "{ready}");
        socket
    }

    /// Sends a message.
    ///
    /// # Panics
    /// When the socket is gone.
    pub async fn say(&mut self, message: Value) {
        self.say_text(message.to_string()).await.expect("the socket takes a message");
    }

    /// Sends any text.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn say_text(&mut self, text: String) -> Result<(), String> {
        self.stream.send(Message::text(text)).await.map_err(|error| error.to_string())
    }

    /// Sends bytes that are no text.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn say_bytes(&mut self, bytes: Vec<u8>) -> Result<(), String> {
        self.stream.send(Message::binary(bytes)).await.map_err(|error| error.to_string())
    }

    /// The next message.
    ///
    /// # Panics
    /// When none comes, or the server hung up.
    pub async fn hear(&mut self) -> Value {
        match self.hear_within(PATIENCE).await {
            Some(Some(message)) => message,
            Some(None) => panic!("the server hung up"),
            None => panic!("nothing was heard within {PATIENCE:?}"),
        }
    }

    /// The next message; `Some(None)` when the server hung up, `None` when nothing came in that time.
    ///
    /// # Panics
    /// When the server says what is no JSON.
    pub async fn hear_within(&mut self, within: Duration) -> Option<Option<Value>> {
        let next = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Some(serde_json::from_str(&text).expect("the server says JSON"));
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                    // Pings are answered by the library while it reads.
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(within, next).await.ok()
    }

    /// The next message that is an event, as position and event.
    ///
    /// # Panics
    /// When something else comes.
    pub async fn event(&mut self) -> (i64, Value) {
        let mut message = self.hear().await;
        assert_eq!(message["type"], "event", "{message}");
        (message["position"].as_i64().expect("a position"), message["event"].take())
    }

    /// Subscribes, and gives the position in the answer.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn subscribe(&mut self, topic: &str, after: Option<i64>) -> i64 {
        self.say(json!({ "type": "subscribe", "topic": topic, "after": after })).await;
        let answer = self.hear().await;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        answer["position"].as_i64().expect("a position")
    }
}
