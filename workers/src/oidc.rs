//! Talking to providers of sign-in, and checking what they say: OpenID Connect Discovery 1.0 and Core 1.0 (the code flow,
//! with PKCE of RFC 7636). Everything goes through the egress wall.
//!
//! What a provider says of somebody counts only in an ID token that is signed with one of its published keys, by an
//! asymmetric algorithm; that names this provider and this client; that has not expired; and that bears the nonce of the
//! sign-in which this browser began.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use trackside_engine::access::identity::{Begun, Identity, IdentityProvider, Returned};
use trackside_engine::vault::Secret;
use trackside_engine::{Error, Result};
use url::Url;

use crate::egress::{Egress, Request};

/// One question to a provider may take so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// For how long what a provider publishes of itself is believed.
const FRESH: Duration = Duration::from_secs(600);
/// The shortest time between two readings of a provider's keys because of an unknown name.
const SPACING: Duration = Duration::from_secs(10);
/// Seconds that clocks may differ.
const LEEWAY: u64 = 30;
/// Signatures that only the provider can make.
const ALGORITHMS: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Knows providers. Cheap to clone.
#[derive(Clone)]
pub struct Oidc {
    egress: Egress,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

/// What a provider publishes of itself.
#[derive(Clone)]
struct Known {
    about: Arc<About>,
    keys: Arc<JwkSet>,
    read_at: Instant,
}

#[derive(Debug, Deserialize)]
struct About {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    #[serde(default)]
    aud: Value,
    azp: Option<String>,
    nonce: Option<String>,
    email: Option<String>,
    /// Some write it as a word.
    #[serde(default)]
    email_verified: Value,
    name: Option<String>,
}

impl Oidc {
    /// Reaches providers through this wall.
    pub fn new(egress: Egress) -> Self {
        Self { egress, known: Arc::default() }
    }

    /// Judges an issuer's address, as far as that is possible without asking the name server.
    ///
    /// # Errors
    /// `invalid_fields` at `/issuer`.
    pub fn check_issuer(&self, issuer: &str) -> Result<()> {
        let url = self.egress.check(issuer).map_err(|error| Error::field("/issuer", error.to_string()))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::field("/issuer", "must be a URL without query and fragment"));
        }
        if is_in_the_clear(&url) {
            return Err(Error::field(
                "/issuer",
                "must begin with https://: whoever listens to plain HTTP could sign in as anybody. Only a provider on this machine, for development, may have http://127.0.0.1 or http://localhost, where --allow-egress holds 127.0.0.0/8",
            ));
        }
        Ok(())
    }

    /// Where the browser goes to sign in.
    ///
    /// # Errors
    /// `provider_unreachable`.
    pub async fn authorize_url(&self, provider: &IdentityProvider, redirect_uri: &str, begun: &Begun) -> Result<Url> {
        let known = self.known(&provider.issuer, FRESH).await?;
        let wrong = |_| unreachable("its authorization endpoint is no URL");
        let mut url = Url::parse(&known.about.authorization_endpoint).map_err(wrong)?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&begun.verifier));
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", "openid email profile")
            .append_pair("state", &begun.state)
            .append_pair("nonce", &begun.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Exchanges the code that the browser brought, and checks who the provider says it is.
    ///
    /// # Errors
    /// `provider_unreachable`; `identity_refused` with what does not hold.
    pub async fn identify(&self, returned: &Returned, redirect_uri: &str, code: &str) -> Result<Identity> {
        let provider = &returned.provider;
        let known = self.known(&provider.issuer, FRESH).await?;
        let tokens = self.exchange(&known.about, returned, redirect_uri, code).await?;
        let claims = self.verify(provider, known.clone(), &tokens.id_token, &returned.nonce).await?;
        let mut identity = Identity {
            subject: claims.sub,
            email: claims.email,
            email_verified: is_true(&claims.email_verified),
            name: claims.name,
        };
        if let (None, Some(endpoint), Some(token)) =
            (&identity.email, &known.about.userinfo_endpoint, tokens.access_token)
        {
            self.ask_more(endpoint, &Secret::new(token), &mut identity).await?;
        }
        Ok(identity)
    }

    async fn exchange(&self, about: &About, returned: &Returned, redirect_uri: &str, code: &str) -> Result<Tokens> {
        let request = self.token_request(about, returned, redirect_uri, code)?;
        let answer = self.egress.send(request).await.map_err(|error| unreachable(&error.to_string()))?;
        if answer.status.is_server_error() {
            return Err(unreachable(&format!("it answered {}", answer.status.as_u16())));
        }
        if !answer.status.is_success() {
            return Err(refused(
                "it does not take the code: begin again, and check client id, secret and redirect URL",
            ));
        }
        serde_json::from_slice(&answer.body).map_err(|_| refused("its answer holds no ID token"))
    }

    /// The code's request (Core section 3.1.3.1), with what proves who we are.
    fn token_request(&self, about: &About, returned: &Returned, redirect_uri: &str, code: &str) -> Result<Request> {
        let provider = &returned.provider;
        let mut request = self.request(Method::POST, &about.token_endpoint)?;
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", &returned.verifier);
        let methods = about.token_endpoint_auth_methods_supported.as_deref();
        // What is not said is `client_secret_basic` (Discovery section 3).
        let basic = methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"));
        match &returned.client_secret {
            Some(secret) if basic => {
                let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encode(&provider.client_id), encode(secret.reveal()));
                let value = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(pair)));
                let mut value = value.map_err(|_| Error::internal("A client's secret is no header."))?;
                value.set_sensitive(true);
                request.headers.insert(AUTHORIZATION, value);
            }
            Some(secret) => {
                form.append_pair("client_id", &provider.client_id).append_pair("client_secret", secret.reveal());
            }
            None => {
                form.append_pair("client_id", &provider.client_id);
            }
        }
        request.body = form.finish().into();
        Ok(request)
    }

    /// Checks an ID token (Core section 3.1.3.7).
    async fn verify(&self, provider: &IdentityProvider, mut known: Known, token: &str, nonce: &str) -> Result<Claims> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| refused("its ID token cannot be read"))?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(refused("its ID token is signed in a way that others could, too"));
        }
        let find = |keys: &JwkSet| match &header.kid {
            Some(kid) => keys.find(kid).cloned(),
            None => Some(&keys.keys).filter(|keys| keys.len() == 1).and_then(|keys| keys.first().cloned()),
        };
        let mut key = find(&known.keys);
        if key.is_none() {
            // It may have changed its keys since.
            known = self.known(&provider.issuer, SPACING).await?;
            key = find(&known.keys);
        }
        let key = key.ok_or_else(|| refused("its ID token is signed with a key that it does not publish"))?;
        let key = DecodingKey::from_jwk(&key).map_err(|_| refused("its key cannot be used"))?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_audience(&[&provider.client_id]);
        validation.set_issuer(&[&known.about.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims =
            jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|error| wrong(error.kind()))?.claims;
        let several = claims.aud.as_array().is_some_and(|all| all.len() > 1);
        if claims.azp.as_ref().map_or(several, |party| *party != provider.client_id) {
            return Err(refused("its ID token was made for another client"));
        }
        if claims.nonce.as_deref() != Some(nonce) {
            return Err(refused("its ID token belongs to another sign-in (nonce)"));
        }
        if claims.sub.is_empty() || claims.sub.len() > 255 || claims.sub.contains('\0') {
            return Err(refused("its ID token names nobody"));
        }
        Ok(claims)
    }

    /// Asks for what the ID token leaves out (Core section 5.3).
    async fn ask_more(&self, endpoint: &str, token: &Secret, identity: &mut Identity) -> Result<()> {
        let mut request = self.request(Method::GET, endpoint)?;
        let value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()));
        let mut value = value.map_err(|_| refused("its access token is no header"))?;
        value.set_sensitive(true);
        request.headers.insert(AUTHORIZATION, value);
        let more: Claims = self.read(request).await?;
        // Somebody else's would be (section 5.3.2).
        if more.sub != identity.subject {
            return Err(refused("it speaks of somebody else than its ID token"));
        }
        (identity.email, identity.email_verified) = (more.email, is_true(&more.email_verified));
        identity.name = identity.name.take().or(more.name);
        Ok(())
    }

    /// What a provider publishes of itself, read within `age`.
    async fn known(&self, issuer: &str, age: Duration) -> Result<Known> {
        let fresh = |known: &&Known| known.read_at.elapsed() < age;
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(issuer).filter(fresh).cloned() {
            return Ok(known);
        }
        let read_at = Instant::now();
        let place = format!("{issuer}/.well-known/openid-configuration");
        let about: About = self.read(self.request(Method::GET, &place)?).await?;
        if about.issuer.trim_end_matches('/') != issuer {
            return Err(unreachable(&format!("its configuration is that of another issuer, {}", about.issuer)));
        }
        Self::refuse_in_the_clear(&about.authorization_endpoint)?;
        let keys: JwkSet = self.read(self.request(Method::GET, &about.jwks_uri)?).await?;
        let known = Known { about: Arc::new(about), keys: Arc::new(keys), read_at };
        lock().insert(issuer.to_owned(), known.clone());
        Ok(known)
    }

    /// Refuses what anybody on the way could read or change.
    fn refuse_in_the_clear(place: &str) -> Result<()> {
        match Url::parse(place) {
            Ok(url) if is_in_the_clear(&url) => {
                Err(unreachable(&format!("{place} does not begin with https://, so its word could be anybody's")))
            }
            _ => Ok(()),
        }
    }

    fn request(&self, method: Method, url: &str) -> Result<Request> {
        Self::refuse_in_the_clear(url)?;
        let url = self.egress.check(url).map_err(|error| unreachable(&error.to_string()))?;
        let mut request = Request::new(method, url, PATIENCE);
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(request)
    }

    async fn read<T: DeserializeOwned>(&self, request: Request) -> Result<T> {
        let path = request.url.path().to_owned();
        let answer = self.egress.send(request).await.map_err(|error| unreachable(&error.to_string()))?;
        if !answer.status.is_success() || answer.truncated {
            return Err(unreachable(&format!("{path} answered {}", answer.status.as_u16())));
        }
        serde_json::from_slice(&answer.body).map_err(|_| unreachable(&format!("{path} is not what it should be")))
    }
}

/// Whether a URL is plain HTTP to another machine. Whether this machine may be reached at all is the egress wall's to say.
fn is_in_the_clear(url: &Url) -> bool {
    let here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        // RFC 6761 section 6.3: the name is this machine's, whoever is asked.
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    };
    url.scheme() != "https" && !here
}

fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or(false) || value.as_str() == Some("true")
}

fn wrong(kind: &jsonwebtoken::errors::ErrorKind) -> Error {
    use jsonwebtoken::errors::ErrorKind;
    refused(match kind {
        ErrorKind::ExpiredSignature => "its ID token has expired",
        ErrorKind::ImmatureSignature => "its ID token is not good yet; check the clocks",
        ErrorKind::InvalidAudience => "its ID token was made for another client (audience)",
        ErrorKind::InvalidIssuer => "its ID token names another issuer",
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => "its ID token's signature is wrong",
        _ => "its ID token does not say what it must",
    })
}

fn refused(why: &str) -> Error {
    Error::unauthenticated("identity_refused", format!("The provider's word is not taken: {why}."))
}

fn unreachable(why: &str) -> Error {
    Error::busy(
        "provider_unreachable",
        format!("The provider cannot be asked: {why}. Try again, or sign in another way."),
    )
}
