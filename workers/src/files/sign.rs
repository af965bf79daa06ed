//! How a request to S3 is signed: [Signature Version 4](https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html),
//! in the header, with the hash of the body.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderValue, Method};
use sha2::{Digest as _, Sha256};
use url::Url;

/// Who asks, and where.
#[derive(Clone)]
pub(super) struct Keys {
    pub id: String,
    pub secret: String,
    pub token: Option<String>,
    pub region: String,
}

impl Keys {
    /// The headers that make a request theirs. The URL's path and query must be encoded already, its query sorted.
    pub(super) fn sign(&self, method: &Method, url: &Url, body: &[u8], now: DateTime<Utc>) -> Option<HeaderMap> {
        let (time, date) = (now.format("%Y%m%dT%H%M%SZ").to_string(), now.format("%Y%m%d").to_string());
        let host = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str()?),
            None => url.host_str()?.to_owned(),
        };
        let hash = hex::encode(Sha256::digest(body));
        let mut signed = vec![("host", host), ("x-amz-content-sha256", hash.clone()), ("x-amz-date", time.clone())];
        signed.extend(self.token.clone().map(|token| ("x-amz-security-token", token)));
        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let query = url.query().unwrap_or_default();
        let canonical = [method.as_str(), url.path(), query, &lines, &names, &hash].join("\n");
        let scope = format!("{date}/{}/s3/aws4_request", self.region);
        let text = ["AWS4-HMAC-SHA256", &time, &scope, &hex::encode(Sha256::digest(canonical))].join("\n");
        let start = format!("AWS4{}", self.secret).into_bytes();
        let key = [date.as_str(), &self.region, "s3", "aws4_request"].iter().fold(start, |key, part| mac(&key, part));
        let signature = hex::encode(mac(&key, &text));
        let given =
            format!("AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.id);
        let mut headers = HeaderMap::new();
        for (name, value) in signed.into_iter().skip(1).chain([("authorization", given)]) {
            headers.insert(name, HeaderValue::from_str(&value).ok()?);
        }
        Some(headers)
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of Amazon's own description ("Authenticating Requests: Using the Authorization Header"), but for those
    /// headers that are not signed here.
    #[test]
    fn a_request_is_signed_as_amazon_describes_it() {
        let keys = Keys {
            id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            token: None,
            region: "us-east-1".into(),
        };
        let now = "2013-05-24T00:00:00Z".parse().unwrap();
        for (query, signature) in [
            ("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ] {
            let url = Url::parse(&format!("https://examplebucket.s3.amazonaws.com/?{query}")).unwrap();
            let headers = keys.sign(&Method::GET, &url, b"", now).unwrap();
            let given = headers["authorization"].to_str().unwrap();
            assert!(given.ends_with(&format!("Signature={signature}")), "{given}");
            assert!(given.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date,"), "{given}");
        }
    }
}
