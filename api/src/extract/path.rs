//! The `{id}` of a path, and what may stand behind it.

use std::fmt::Display;
use std::str::FromStr;

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathStyle, SchemaObject};
use aide::operation::add_parameters;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::StatusCode;
use axum::http::request::Parts;
use schemars::JsonSchema;

use crate::problem::Problem;

/// Declares what stands in a path, by its name in the route.
macro_rules! in_path {
    ($($(#[$about:meta])* $name:ident $word:literal;)+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone)]
        pub struct $name<T>(pub T);

        impl<S, T> FromRequestParts<S> for $name<T>
        where
            S: Send + Sync,
            T: FromStr<Err: Display> + Send,
        {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
                read(parts, state, $word).await.map(Self)
            }
        }

        impl<T: JsonSchema> OperationInput for $name<T> {
            fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
                document::<T>(ctx, operation, $word);
            }
        }
    )+};
}

in_path! {
    /// What stands in the path where the route says `{id}`. What cannot be an id names nothing, so it is not found.
    At "id";
    /// The same for `{backtest}`.
    BacktestAt "backtest";
    /// The same for `{field}`.
    FieldKey "field";
    /// The same for `{name}`.
    NameAt "name";
    /// The same for `{other}`.
    Other "other";
    /// The same for `{predecessor}`.
    Predecessor "predecessor";
    /// The same for `{token}`.
    TokenAt "token";
    /// The same for `{type}`.
    TypeKey "type";
    /// The same for `{user}`.
    Whom "user";
}

async fn read<S, T>(parts: &mut Parts, state: &S, name: &str) -> Result<T, Problem>
where
    S: Send + Sync,
    T: FromStr<Err: Display>,
{
    let params = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| not_found("The path is not UTF-8 after decoding; take the id as the API gave it.".to_owned()))?;
    let Some((_, text)) = params.iter().find(|(known, _)| *known == name) else {
        return Err(Problem::internal(format!("a route without {{{name}}} asks for one")));
    };
    text.parse().map_err(|error: T::Err| not_found(error.to_string()))
}

fn not_found(detail: String) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
}

fn document<T: JsonSchema>(ctx: &mut GenContext, operation: &mut Operation, name: &str) {
    let schema = SchemaObject { json_schema: ctx.schema.subschema_for::<T>(), external_docs: None, example: None };
    let parameter_data = ParameterData {
        name: name.into(),
        description: None,
        required: true,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(schema),
        example: None,
        examples: Default::default(),
        explode: None,
        extensions: Default::default(),
    };
    add_parameters(ctx, operation, [Parameter::Path { parameter_data, style: PathStyle::Simple }]);
}
