//! Calls, a transaction and a subscription against a running server:
//! `cargo run -p mainstay-client --example quickstart [address]`.
#![allow(clippy::print_stdout)]

use mainstay_client::{Client, Error, Pipeline, call, del, get, incr_by, publish, set};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:6379".to_owned());
    let client = Client::connect(&address).await?;

    client.run(set("greeting", "hello")).await?;
    let greeting: Option<String> = client.run(get("greeting")).await?;
    println!("greeting: {greeting:?}");

    let mut pipeline = Pipeline::new().atomic();
    let visits = pipeline.push(incr_by("visits", 1));
    let kind = pipeline.push(call("TYPE").arg("visits").reading::<String>());
    let mut replies = client.run_pipeline(pipeline).await?;
    println!("visits: {}, a {}", replies.take(visits)?, replies.take(kind)?);

    let mut subscription = client.subscribe(&["news"]).await?;
    let heard = client.run(publish("news", "something happened")).await?;
    if let Some(message) = subscription.next().await {
        println!("{heard} heard {:?}", message?.payload);
    }

    match client.run(call("LPUSH").arg("greeting").arg("x").reading::<u64>()).await {
        Err(error) if error.code() == Some("WRONGTYPE") => println!("refused: {error}"),
        other => println!("unexpected: {other:?}"),
    }
    client.run(del(["greeting", "visits"])).await?;
    Ok(())
}
